// The drop zone: files that are dropped anywhere on the page, or chosen, are uploaded one after the other,
// each with its progress and, if it is refused, the reason in words. Without this the form is a plain one.

import { showRow, watchAll } from "./rows.js";
import { sendDocument, sendVersion } from "./sending.js";

const AT_ONCE = 2;
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

class DropZone {
  constructor(form) {
    this.form = form;
    this.input = form.querySelector("input[type=file]");
    this.list = form.querySelector(".uploads");
    this.news = form.querySelector(".drop-news");
    this.words = form.querySelector(".words").dataset;
    this.waiting = [];
    this.running = new Set();
    form.classList.add("is-live");
    this.listen();
    this.addChosen(); // perhaps somebody was quicker than this script
  }

  listen() {
    this.input.addEventListener("change", () => this.addChosen());
    this.form.addEventListener("submit", (event) => event.preventDefault());
    const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
    let depth = 0; // dragging over a child leaves its parent, as browsers see it
    const show = (change) => {
      depth = Math.max(0, depth + change);
      this.form.classList.toggle("is-over", depth > 0);
    };
    window.addEventListener("dragenter", (event) => hasFiles(event) && show(1));
    window.addEventListener("dragleave", (event) => hasFiles(event) && show(-1));
    window.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
    window.addEventListener("drop", (event) => {
      if (hasFiles(event)) {
        event.preventDefault();
        show(-depth);
        this.add(droppedFiles(event.dataTransfer));
      }
    });
    window.addEventListener("beforeunload", (event) => {
      if (this.running.size || this.waiting.length) {
        event.preventDefault();
      }
    });
  }

  addChosen() {
    this.add([...this.input.files]);
    this.input.value = "";
  }

  add(files) {
    for (const file of this.input.multiple ? files : files.slice(0, 1)) {
      const item = new Item(this, file);
      if (file.isFolder) {
        item.refuse(this.words.folder, false);
      } else {
        this.enqueue(item);
      }
    }
  }

  enqueue(item) {
    this.waiting.push(item);
    this.next();
  }

  next() {
    while (this.running.size < AT_ONCE && this.waiting.length) {
      const item = this.waiting.shift();
      this.running.add(item);
      item.start();
    }
  }

  leave(item) {
    this.running.delete(item);
    this.waiting = this.waiting.filter((other) => other !== item);
    this.next();
  }

  async finish(item, id) {
    this.leave(item);
    this.tell(this.words.done, item.file);
    if (this.form.dataset.rows && id) {
      try {
        await showRow(document.getElementById("documents"), this.form.dataset.rows.replace("ID", id));
        document.getElementById("no-documents").hidden = true;
        item.remove();
        return;
      } catch {
        // It is stored all the same: the page shows it when it is loaded anew.
      }
    }
    item.showDone();
    if (!this.running.size && !this.waiting.length) {
      window.location.reload();
    }
  }

  tell(words, file) {
    this.news.textContent = words.replace("{name}", file.name);
  }

  formatSize(sizeBytes) {
    let unit = 0;
    let value = sizeBytes;
    while (value >= 1000 && unit < UNITS.length - 1) {
      value /= 1024;
      unit += 1;
    }
    const places = unit === 0 || value >= 100 ? 0 : value < 10 ? 2 : 1;
    return new Intl.NumberFormat(this.form.dataset.language, {
      style: "unit",
      unit: UNITS[unit],
      unitDisplay: unit === 0 ? "long" : "short",
      maximumFractionDigits: places,
    }).format(value);
  }
}

// One file on its way.
class Item {
  constructor(zone, file) {
    this.zone = zone;
    this.file = file;
    this.element = zone.form.querySelector(".upload-template").content.firstElementChild.cloneNode(true);
    this.state = this.element.querySelector(".upload-state");
    this.bar = this.element.querySelector(".upload-bar");
    this.refusal = this.element.querySelector(".upload-refusal");
    this.again = this.element.querySelector(".upload-again");
    const cancel = this.element.querySelector(".upload-cancel");
    this.element.querySelector(".upload-name").textContent = file.name;
    this.bar.setAttribute("aria-label", this.bar.dataset.label.replace("{name}", file.name));
    cancel.setAttribute("aria-label", cancel.dataset.label.replace("{name}", file.name));
    cancel.addEventListener("click", () => this.cancel());
    this.again.addEventListener("click", () => this.tryAgain());
    this.state.textContent = this.state.dataset.waiting;
    zone.list.append(this.element);
    const send = zone.form.dataset.document ? sendVersion : sendDocument;
    this.sending = send(file, zone.form.dataset, {
      onProgress: (sent) => this.showProgress(sent),
      onRetry: () => (this.state.textContent = this.state.dataset.retrying),
      onDone: (id) => zone.finish(this, id),
      onProblem: (problem) => this.explain(problem),
    });
  }

  start() {
    this.showProgress(0);
    this.sending.start().catch(() => this.explain({ code: "network" }));
  }

  cancel() {
    this.sending.cancel();
    this.remove();
    this.zone.leave(this);
    this.zone.input.focus();
  }

  tryAgain() {
    this.refusal.hidden = true;
    this.again.hidden = true;
    this.bar.hidden = false;
    this.element.classList.remove("is-refused");
    this.state.textContent = this.state.dataset.waiting;
    this.zone.enqueue(this);
  }

  showProgress(sent) {
    const { progress, checking } = this.state.dataset;
    this.bar.value = this.file.size ? sent / this.file.size : 1;
    this.state.textContent =
      this.file.size && sent >= this.file.size
        ? checking
        : progress
            .replace("{done}", this.zone.formatSize(sent))
            .replace("{total}", this.zone.formatSize(this.file.size));
  }

  showDone() {
    this.bar.value = 1;
    this.state.textContent = this.zone.words.done.replace("{name}", this.file.name);
  }

  // The server has the words for each refusal, in the language of the page; but for one that it can't hear of.
  async explain(problem) {
    this.zone.leave(this);
    const figures = Object.entries(problem).filter(([, value]) => ["string", "number"].includes(typeof value));
    try {
      if (problem.code === "network") {
        throw new Error("nobody to ask");
      }
      const response = await fetch(`${this.zone.form.dataset.refusal}?${new URLSearchParams(figures)}`);
      if (!response.ok) {
        throw new Error(`no words for ${problem.code}`);
      }
      const holder = document.createElement("template");
      holder.innerHTML = await response.text();
      this.refuse(holder.content, true);
    } catch {
      this.refuse(this.zone.words.network, true);
    }
  }

  refuse(words, mayTryAgain) {
    this.element.classList.add("is-refused");
    this.refusal.replaceChildren(words);
    this.refusal.hidden = false;
    this.again.hidden = !mayTryAgain;
    this.bar.hidden = true;
    this.state.textContent = "";
    this.zone.tell(`${this.zone.words.refused} ${this.refusal.textContent.trim()}`, this.file);
  }

  remove() {
    this.element.remove();
  }
}

function droppedFiles(transfer) {
  const files = [...transfer.files];
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.());
  files.forEach((file, place) => (file.isFolder = Boolean(entries[place]?.isDirectory)));
  return files;
}

for (const form of document.querySelectorAll(".drop-zone")) {
  new DropZone(form);
}
watchAll();
