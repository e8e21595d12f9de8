/* What a person can operate and read on the page now, judged from outside: tests put this into the page. */
window.controls = (() => {
  const KINDS = "button, a[href], input, select, textarea, summary, [tabindex='0'], [role='option'], [role='slider']";
  const TEXTS = "button, a, span, p, h1, h2, h3, h4, li, td, th, dt, dd, label, small, strong, input, select, kbd, div";
  const OFF = ":disabled, [aria-disabled='true'], [data-disabled='true'], label:has(+ :disabled), :disabled + label, :has(> :disabled)";
  const COLOURED = ".element, .along, svg, [aria-hidden='true']"; // cells have colours of their own, tested elsewhere
  const isSeen = (e) => e.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });

  /* Of the table, which is ag-grid's own, the first row. */
  function all() {
    const dialog = [...document.querySelectorAll("dialog[open]")].at(-1) || document;
    return [...dialog.querySelectorAll(KINDS)].filter(
      (e) => isSeen(e) && e.type !== "hidden" && e.getBoundingClientRect().width > 1
        && !e.closest("[inert], [aria-hidden='true'], .ag-row:not([row-index='0'])"),
    );
  }

  function nameOf(e) {
    const ids = e.getAttribute("aria-labelledby")?.split(/\s+/) || [];
    const said = [
      e.getAttribute("aria-label"), ids.map((id) => document.getElementById(id)?.textContent).join(" "), e.textContent, e.title,
      e.placeholder, [...(e.labels || [])].map((label) => label.textContent).join(" "),
    ];
    return (said.find((text) => text?.trim()) || "").trim();
  }

  function ancestors(e, most = Infinity) {
    const found = [];
    for (let at = e; at && found.length < most; at = at.parentElement) found.push(at);
    return found;
  }

  const channels = (text) => text.match(/[\d.]+/g).map(Number);
  function luminance(colour) {
    const [r, g, b] = colour.slice(0, 3).map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  /* The colour under a text; null where it is a picture. */
  function ground(e) {
    for (const at of ancestors(e)) {
      const { backgroundColor, backgroundImage } = getComputedStyle(at);
      if (backgroundImage !== "none") return null;
      const colour = channels(backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  }

  function contrast(e) {
    const under = ground(e);
    if (!under || ancestors(e).some((at) => getComputedStyle(at).opacity < 1)) return Infinity;
    const [a, b] = [luminance(channels(getComputedStyle(e).color)), luminance(under)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }

  /* How a control and what frames it look. */
  function look(e) {
    const beside = [...e.children, e.nextElementSibling].filter(Boolean).map((at) => getComputedStyle(at)).map((s) => [s.outline, s.boxShadow]);
    const around = ancestors(e, 4).map((at) => {
      const [s, before] = [getComputedStyle(at), getComputedStyle(at, "::before")];
      return [s.outline, s.boxShadow, s.borderColor, s.backgroundColor, s.backgroundImage, before.border, before.outline, before.boxShadow];
    });
    return JSON.stringify([beside, around]);
  }

  const short = (e) => e.outerHTML.slice(0, 200);
  return {
    unnamed: () => all().filter((e) => !nameOf(e)).map(short),

    /* Texts whose contrast is below 4.5, the least of WCAG 2.2 AA. */
    dim() {
      const found = {};
      for (const e of document.body.querySelectorAll(TEXTS)) {
        const own = [...e.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
        if (!own || !isSeen(e) || e.closest(OFF) || e.closest(COLOURED)) continue;
        const least = contrast(e);
        if (least < 4.5) found[`${e.className || e.id || e.tagName}: ${e.textContent.slice(0, 40)}`] = least;
      }
      return found;
    },

    /* Controls that look the same with and without the focus. */
    unmarked() {
      const found = [];
      for (const e of all().filter((control) => !control.disabled && control.tabIndex >= 0)) {
        document.activeElement?.blur();
        const before = look(e);
        e.focus({ focusVisible: true, preventScroll: true });
        if (document.activeElement === e && look(e) === before) found.push(short(e));
      }
      return found;
    },

    /* Press the first control that was not pressed yet, of all or of a part of the page; its name, or null where none is left. */
    press(used, within = "body") {
      const nameIn = (e) => nameOf(e) + e.id + e.tagName;
      const canBe = (e) => !e.matches(":disabled, a, input, select, textarea") && e.click && !e.closest("#periodic-table, #table, #neighbours, .drift-table, .ranking tbody") && e.closest(within);
      const next = all().find((e) => canBe(e) && !used.includes(nameIn(e)));
      next?.click();
      return next ? nameIn(next) : null;
    },
  };
})();
