// Rows of a card's list of documents: put there when an upload ends, asked for again while text is being read.

const FIRST_LOOK_MS = 1500;
const LOOKS = 8;

async function fetchRow(address) {
  const response = await fetch(address, { headers: { Accept: "text/html" } });
  if (!response.ok) {
    throw new Error(`the row was refused with ${response.status}`);
  }
  const holder = document.createElement("template");
  holder.innerHTML = await response.text();
  return holder.content.querySelector("li");
}

// Whoever is on a link or button of the row by keyboard stays on it.
function replace(row, fresh) {
  const controls = (item) => [...item.querySelectorAll("a, button")];
  const place = controls(row).indexOf(document.activeElement);
  row.replaceWith(fresh);
  controls(fresh)[place]?.focus();
}

// Shows the document of an address at the top of the list, or in the place where it is already.
export async function showRow(list, address) {
  const row = await fetchRow(address);
  const shown = document.getElementById(row.id);
  if (shown) {
    replace(shown, row);
  } else {
    list.prepend(row);
  }
  watch(row);
}

// Looks again, less and less often, until the text was read or too many looks were in vain.
export function watch(row, look = 0) {
  if (!row.dataset.again || look >= LOOKS) {
    return;
  }
  setTimeout(async () => {
    if (!row.isConnected) {
      return;
    }
    let fresh = row;
    try {
      fresh = await fetchRow(row.dataset.again);
    } catch {
      // Nothing is lost: the row stays as it was, and the next look may be luckier.
    }
    const isUsed = row.querySelector(".dropdown-menu.show");
    if (fresh !== row && !isUsed && row.isConnected) {
      replace(row, fresh);
      watch(fresh, look + 1);
    } else {
      watch(row, look + 1);
    }
  }, FIRST_LOOK_MS * 1.6 ** look);
}

export function watchAll() {
  for (const row of document.querySelectorAll("li[data-again]")) {
    watch(row);
  }
}
