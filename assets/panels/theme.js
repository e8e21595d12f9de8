/* Light or dark: what the address asks for, else what the visitor chose before, else what the system has. */
import { keepItem, keptItem } from "./storage.js";

const LOOKS = ["light", "dark"];
const SYSTEM_DARK = "(prefers-color-scheme: dark)";

export const resolvedTheme = (asked, kept, systemDark) => [asked, kept].find((t) => LOOKS.includes(t)) || (systemDark ? "dark" : "light");

/* From the system's look to the other, back, and to the system's again: the first step is always seen. */
export function nextTheme(chosen, systemDark) {
  const [same, other] = systemDark ? ["dark", "light"] : ["light", "dark"];
  return { [other]: same, [same]: "system" }[chosen] || other;
}

/* Keep the page's look from the start: Mantine sets its own when it comes, for a moment. */
export function holdTheme(atlas) {
  const system = window.matchMedia(SYSTEM_DARK);
  const root = document.documentElement;
  let kept = keptItem("theme");
  let look = "";

  const chosen = () => [atlas.view.get().theme, kept].find((t) => LOOKS.includes(t)) || "system";
  const hold = () => {
    if (root.getAttribute("data-mantine-color-scheme") !== look) root.setAttribute("data-mantine-color-scheme", look);
    root.style.colorScheme = look;
  };

  function label() {
    const button = document.getElementById("turn-theme");
    if (!button) return;
    const now = chosen() === "system" ? `as the system, ${look}` : look;
    button.setAttribute("aria-label", `Theme: ${now}`);
    button.title = `Theme: ${now} (T)`;
  }

  function apply() {
    const next = resolvedTheme(atlas.view.get().theme, kept, system.matches);
    const turned = next !== look;
    const first = !look;
    look = next;
    hold();
    label();
    window.dash_clientside?.set_props?.("provider", { forceColorScheme: look });
    if (turned && !first) atlas.relook?.();
  }

  function turn() {
    const next = nextTheme(chosen(), system.matches);
    kept = next === "system" ? null : next;
    keepItem("theme", kept);
    // the attribute first: it is what the maps read where the view has no theme
    look = resolvedTheme("", kept, system.matches);
    hold();
    const changed = atlas.view.set({ theme: kept || "" });
    apply();
    if (!changed?.has("theme")) atlas.relook?.();
    atlas.say(next === "system" ? `Theme: as the system, ${look}.` : `Theme: ${next}.`);
  }

  apply();
  new MutationObserver(hold).observe(root, { attributeFilter: ["data-mantine-color-scheme"] });
  system.addEventListener("change", apply);
  atlas.view.on((_view, changed) => changed.has("theme") && apply());
  atlas.actions.add({ id: "theme", keys: ["t"], label: "Light, dark, or as the system", group: "Page", run: turn });
  document.addEventListener("click", (event) => event.target.closest?.("#turn-theme") && turn());
  atlas.retheme = apply;
}

/* Once Dash is there, its components are told. */
export const startTheme = (atlas) => atlas.retheme();
