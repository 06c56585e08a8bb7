// Cards of a board are dragged from stage to stage. What a stage refuses goes to the page that asks for what
// is missing; the board is then as it was.

const board = document.getElementById("board");
const news = document.getElementById("board-news");

async function showAnew() {
  const response = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!response.ok) {
    return;
  }
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const place = board.scrollLeft;
  board.replaceChildren(...page.getElementById("board").children);
  board.scrollLeft = place;
  enliven();
}

async function move({ item, from, to, oldIndex }) {
  if (from === to) {
    return;
  }
  const body = new URLSearchParams({ stage: to.dataset.stage, by: "script", back: board.dataset.back });
  const putBack = () => from.insertBefore(item, from.children[oldIndex] ?? null);
  try {
    const response = await fetch(item.dataset.move, { method: "POST", body });
    if (response.status === 409) {
      putBack();
      location.assign((await response.json()).address);
      return;
    }
    if (!response.ok) {
      throw new Error(`the move was refused with ${response.status}`);
    }
  } catch {
    putBack();
    news.classList.remove("visually-hidden");
    news.classList.add("alert", "alert-danger");
    news.textContent = news.dataset.failed;
    return;
  }
  await showAnew();
}

function enliven() {
  for (const list of board.querySelectorAll(".board-cards")) {
    window.Sortable.create(list, {
      group: { name: "cards", put: !("closed" in list.dataset) },
      sort: false,
      filter: ".is-fixed, details",
      preventOnFilter: false,
      delay: 200,
      delayOnTouchOnly: true,
      animation: 120,
      ghostClass: "is-dragged",
      onEnd: move,
    });
  }
}

enliven();
