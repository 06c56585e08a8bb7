// Turns the pages of a document without loading its page anew, and waits for pictures that are being made.

const FIRST_LOOK_MS = 700;
const LOOKS = 20;
const TRIES = 5;
const TRY_MS = 1500;

function addresses(image, page) {
  const at = (address) => address.replace(/([?&]page=)\d+/, `$1${page}`);
  return { src: at(image.getAttribute("src")), srcset: image.srcset.replace(/([?&]page=)\d+/g, `$1${page}`) };
}

// The neighbours of a page are fetched beforehand, in the width that the browser has chosen.
function prefetch(image, page, pages) {
  for (const near of [page + 1, page - 1]) {
    if (near >= 1 && near <= pages) {
      const ahead = new Image();
      ahead.sizes = image.sizes;
      ahead.srcset = addresses(image, near).srcset;
    }
  }
}

function show(viewer, page) {
  const image = viewer.querySelector("img");
  const pages = Number(viewer.dataset.pages);
  viewer.dataset.view = page;
  viewer.querySelector(".viewer-page").textContent = page; // only where there are several
  viewer.classList.add("is-loading");
  viewer.querySelector(".viewer-failed").hidden = true;
  image.hidden = false;
  image.dataset.tries = 0;
  image.alt = viewer.dataset.alt.replace("{page}", page);
  Object.assign(image, addresses(image, page));
  for (const link of viewer.querySelectorAll("[data-turn]")) {
    const to = page + Number(link.dataset.turn);
    const isEnd = to < 1 || to > pages;
    link.setAttribute("aria-disabled", isEnd);
    link.tabIndex = isEnd ? -1 : 0;
  }
  const here = new URL(location.href);
  here.searchParams.set("view", page);
  history.replaceState(history.state, "", here);
}

function turn(viewer, step) {
  const to = Number(viewer.dataset.view) + step;
  if (to >= 1 && to <= Number(viewer.dataset.pages)) {
    show(viewer, to);
  }
}

// A picture that is not there may be on its way: it is asked for again some times.
function tryAgain(viewer, image) {
  const tries = Number(image.dataset.tries ?? 0) + 1;
  image.dataset.tries = tries;
  if (tries >= TRIES) {
    viewer.classList.remove("is-loading");
    image.hidden = true;
    viewer.querySelector(".viewer-failed").hidden = false;
    return;
  }
  const page = viewer.dataset.view;
  viewer.classList.add("is-loading");
  setTimeout(() => {
    if (viewer.dataset.view === page) {
      Object.assign(image, addresses(image, page));
    }
  }, TRY_MS);
}

function start(viewer) {
  const image = viewer.querySelector("img");
  if (!image) {
    return;
  }
  const arrived = () => {
    viewer.classList.remove("is-loading");
    prefetch(image, Number(viewer.dataset.view), Number(viewer.dataset.pages));
  };
  image.addEventListener("load", arrived);
  image.addEventListener("error", () => tryAgain(viewer, image));
  if (image.complete && image.naturalWidth) {
    arrived();
  } else if (image.complete) {
    tryAgain(viewer, image);
  } else {
    viewer.classList.add("is-loading");
  }
  for (const link of viewer.querySelectorAll("[data-turn]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      turn(viewer, Number(link.dataset.turn));
    });
  }
}

// Looks again until there is a picture, or a reason why there is none.
function watch(viewer, look = 0) {
  if (!viewer.dataset.again || look >= LOOKS) {
    start(viewer);
    return;
  }
  setTimeout(async () => {
    let fresh = viewer;
    try {
      const response = await fetch(viewer.dataset.again, { headers: { Accept: "text/html" } });
      if (response.ok) {
        const holder = document.createElement("template");
        holder.innerHTML = await response.text();
        fresh = holder.content.querySelector("#viewer");
      }
    } catch {
      // Nothing is lost: the next look may be luckier.
    }
    if (!fresh.dataset.again) {
      viewer.replaceWith(fresh);
    }
    watch(fresh.dataset.again ? viewer : fresh, look + 1);
  }, FIRST_LOOK_MS * 1.2 ** look);
}

function turnByKeys(event) {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const isPlain = !(event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented);
  const viewer = document.querySelector("#viewer[data-pages]");
  if (step && isPlain && viewer && !event.target.closest("input, textarea, select, [contenteditable], .dropdown")) {
    turn(viewer, step);
  }
}

const viewer = document.querySelector("#viewer");
if (viewer) {
  watch(viewer);
  document.addEventListener("keydown", turnByKeys);
}
