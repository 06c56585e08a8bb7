// What makes the pages of cards quicker to use. All of it can be missed: pages work without scripts.

const PAUSE_MS = 200;

async function fetchPart(address, options = {}) {
  const response = await fetch(address, { headers: { Accept: "text/html" }, ...options });
  if (!response.ok) {
    throw new Error(`the part was refused with ${response.status}`);
  }
  const holder = document.createElement("template");
  holder.innerHTML = await response.text();
  return holder.content;
}

// Fields in which a card is chosen: what is offered follows what is typed.
function offerCards(root) {
  for (const input of root.querySelectorAll("input[data-choices]")) {
    let waiting = 0;
    const offer = async () => {
      const typed = input.value;
      try {
        const part = await fetchPart(`${input.dataset.choices}?q=${encodeURIComponent(typed)}`);
        if (input.value === typed) {
          input.list?.replaceChildren(...part.querySelectorAll("option"));
        }
      } catch {
        // The number of a card can be typed as well; the form tells whether there is one.
      }
    };
    input.addEventListener("focus", offer, { once: true });
    input.addEventListener("input", () => {
      clearTimeout(waiting);
      if (!/^\d+ — /.test(input.value)) {
        waiting = setTimeout(offer, PAUSE_MS);
      }
    });
  }
}

// One more line of phones, of products.
function addLines(root) {
  for (const button of root.querySelectorAll("[data-add-line]")) {
    const group = button.closest("[data-lines]") ?? button.closest("form").querySelector("[data-lines]");
    button.hidden = false;
    button.addEventListener("click", () => {
      const lines = group.querySelectorAll("[data-line]");
      const last = lines[lines.length - 1];
      const added = last.cloneNode(true);
      const number = group.querySelectorAll("tr, .point-line").length + 1;
      for (const input of added.querySelectorAll("input")) {
        input.value = "";
        input.setAttribute("aria-label", input.getAttribute("aria-label").replace(/\d+/, number));
      }
      last.after(added);
      added.querySelector("input").focus();
    });
  }
}

// Choices that lead somewhere at once; their buttons are for those without scripts.
function sendOnChange(root) {
  for (const form of root.querySelectorAll("form[data-send-on-change]")) {
    form.classList.add("is-live");
    form.addEventListener("change", () => form.requestSubmit());
  }
}

function closeMenusFromOutside() {
  const menus = () => document.querySelectorAll("details.list-menu[open], details.board-menu[open]");
  document.addEventListener("click", (event) => {
    for (const menu of menus()) {
      menu.open = menu.contains(event.target);
    }
  });
  document.addEventListener("keydown", (event) => {
    for (const menu of event.key === "Escape" ? menus() : []) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

// Older entries come under those that are there.
function addOlder() {
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-older]");
    if (!link) {
      return;
    }
    event.preventDefault();
    try {
      const part = await fetchPart(link.dataset.older);
      const first = part.querySelector("li");
      link.closest("li").replaceWith(...part.querySelectorAll("li"));
      first?.setAttribute("tabindex", "-1");
      first?.focus();
    } catch {
      location.assign(link.href);
    }
  });
}

// A form that shows what would come of it: asked anew when a choice changes, in place of the old one.
function recheck() {
  const form = document.querySelector("form[data-recheck]");
  form?.addEventListener("change", async (event) => {
    if (!event.target.closest("[data-recheck-on-change]")) {
      return;
    }
    const told = new FormData(form);
    told.set("action", "check");
    try {
      const part = await fetchPart(location.pathname, { method: "POST", body: new URLSearchParams(told) });
      const { id } = event.target;
      document.querySelector(".conversion").replaceWith(part.querySelector(".conversion"));
      enliven(document.querySelector(".conversion"));
      recheck();
      document.getElementById(id)?.focus();
    } catch {
      // The button "Check" is still there.
    }
  });
}

function enliven(root) {
  offerCards(root);
  addLines(root);
  sendOnChange(root);
}

enliven(document);
closeMenusFromOutside();
addOlder();
recheck();
