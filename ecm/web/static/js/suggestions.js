// Search as you type: the box of every page becomes a combobox (https://www.w3.org/WAI/ARIA/apg/patterns/combobox/)
// that offers documents by title and one's own recent searches. Without this it is a plain field of a form.

const PAUSE_MS = 150;

class Suggestions {
  constructor(form) {
    this.form = form;
    this.input = form.querySelector("input[type=search]");
    this.words = form.dataset;
    this.options = [];
    this.chosen = -1;
    this.typed = "";
    this.timer = 0;
    this.asking = null;
    this.box = this.build();
    this.listen();
  }

  build() {
    const box = document.createElement("div");
    box.className = "suggestions";
    box.id = "suggestions";
    box.setAttribute("role", "listbox");
    box.setAttribute("aria-label", this.words.suggestions);
    box.hidden = true;
    this.news = document.createElement("span");
    this.news.className = "visually-hidden";
    this.news.setAttribute("role", "status");
    this.form.append(box, this.news);
    for (const [name, value] of Object.entries({
      role: "combobox",
      "aria-expanded": "false",
      "aria-controls": box.id,
      "aria-autocomplete": "list",
    })) {
      this.input.setAttribute(name, value);
    }
    return box;
  }

  listen() {
    this.input.addEventListener("input", () => this.askSoon());
    this.input.addEventListener("focus", () => !this.input.value && this.askSoon());
    this.input.addEventListener("keydown", (event) => this.press(event));
    this.input.addEventListener("blur", () => this.close());
    this.form.addEventListener("submit", () => this.close());
    // A press must not take the keyboard from the field: the list would close before the click.
    this.box.addEventListener("pointerdown", (event) => event.preventDefault());
    this.box.addEventListener("mousedown", (event) => event.preventDefault());
  }

  askSoon() {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.timer = setTimeout(() => this.ask(), PAUSE_MS);
  }

  async ask() {
    this.typed = this.input.value;
    this.asking = new AbortController();
    const address = `${this.words.address}?${new URLSearchParams({ q: this.typed })}`;
    try {
      const response = await fetch(address, { signal: this.asking.signal });
      if (response.ok) {
        this.show(await response.json());
      } else {
        this.close();
      }
    } catch (error) {
      if (error.name !== "AbortError") {
        this.close(); // the field goes on as a plain one
      }
    }
  }

  show({ documents, searches }) {
    this.options = [];
    this.chosen = -1;
    this.box.replaceChildren(
      ...this.group(this.words.documents, documents, (each) => this.documentOption(each)),
      ...this.group(this.words.recent, searches, (text) => this.searchOption(text)),
    );
    const isOpen = this.options.length > 0 && document.activeElement === this.input;
    this.box.hidden = !isOpen;
    this.input.setAttribute("aria-expanded", String(isOpen));
    this.input.removeAttribute("aria-activedescendant");
    this.news.textContent = isOpen ? this.words.count.replace("%n", this.options.length) : "";
  }

  group(title, items, makeOption) {
    if (!items.length) {
      return [];
    }
    const group = document.createElement("div");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", title);
    const head = document.createElement("div");
    head.className = "suggestions-head";
    head.setAttribute("aria-hidden", "true");
    head.textContent = title;
    group.append(head, ...items.map(makeOption));
    return [group];
  }

  documentOption({ id, title, cards }) {
    const about = cards.map((card) => card.title).join(", ");
    return this.option(title, about, () => window.location.assign(`/documents/${encodeURIComponent(id)}`));
  }

  searchOption(text) {
    return this.option(text, "", () => {
      this.input.value = text;
      this.form.requestSubmit();
    });
  }

  option(text, about, choose) {
    const option = document.createElement("div");
    option.className = "suggestion";
    option.id = `suggestion-${this.options.length}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    const title = document.createElement("span");
    title.className = "suggestion-title";
    title.textContent = text;
    option.append(title);
    if (about) {
      const small = document.createElement("small");
      small.textContent = about;
      option.append(" ", small);
    }
    option.addEventListener("click", choose);
    this.options.push({ option, choose });
    return option;
  }

  press(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.isComposing) {
      return;
    }
    if (event.key in steps) {
      event.preventDefault();
      if (this.box.hidden) {
        this.askSoon();
      } else {
        this.move(steps[event.key]);
      }
    } else if (event.key === "Enter" && !this.box.hidden && this.chosen >= 0) {
      event.preventDefault();
      this.options[this.chosen].choose();
    } else if (event.key === "Escape" && !this.box.hidden) {
      event.preventDefault(); // the first press closes the list, a second one empties the field
      this.close();
    }
  }

  // Past either end is the field itself, where what was typed stands.
  move(step) {
    const places = this.options.length + 1;
    this.chosen = ((this.chosen + 1 + step + places) % places) - 1;
    for (const [number, { option }] of this.options.entries()) {
      option.setAttribute("aria-selected", String(number === this.chosen));
    }
    if (this.chosen < 0) {
      this.input.removeAttribute("aria-activedescendant");
    } else {
      const { option } = this.options[this.chosen];
      this.input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    }
  }

  close() {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.chosen = -1;
    this.box.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
    this.news.textContent = "";
  }
}

// Documents like the one whose page it is: asked for when they come into sight.
function fillSimilar(section) {
  const observer = new IntersectionObserver(async ([entry]) => {
    if (!entry.isIntersecting) {
      return;
    }
    observer.disconnect();
    try {
      const response = await fetch(section.dataset.similar);
      if (response.ok) {
        section.innerHTML = (await response.text()).trim();
      }
    } catch {
      // The link stays: it leads to a page with the same.
    }
  });
  observer.observe(section);
}

document.querySelectorAll("form[data-suggestions]").forEach((form) => new Suggestions(form));
document.querySelectorAll("[data-similar]").forEach(fillSimilar);
