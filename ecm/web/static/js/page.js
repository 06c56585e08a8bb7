// What every page does besides showing itself. All of it can be missed: pages work without scripts.

const YEAR_S = 365 * 86400;

// Times are written by the server, by the clock that is told to it here.
function tellTimezone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) {
    document.cookie = `ecm_timezone=${zone}; path=/; max-age=${YEAR_S}; SameSite=Lax`;
  }
}

function closeMenuFromOutside() {
  const menu = document.querySelector(".account-menu");
  if (!menu) {
    return;
  }
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) {
      menu.open = false;
    }
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.open) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

// A second click while the first is on its way would do things twice. Coming back by "Back" frees the button.
function sendFormsOnce() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) {
      return;
    }
    setTimeout(() => {
      for (const button of form.querySelectorAll("button")) {
        button.disabled = true;
      }
    });
  });
  window.addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("form[method=post] button:disabled")) {
      button.disabled = false;
    }
  });
}

function goToFirstError() {
  document.querySelector("[aria-invalid=true]")?.focus();
}

tellTimezone();
closeMenuFromOutside();
sendFormsOnce();
goToFirstError();
