/* The crystal of the chosen atom on a canvas: turned by dragging, by arrow keys, read with the pointer. */
import { firstTurn, fitScene, partAt, partText, projectScene } from "./crystal_view.js";

const MARGIN = 8;
const REACH = 4; // css px around bonds and small atoms
const STEP = 0.17; // radians an arrow key
const PER_PIXEL = 0.011;
const [NEAREST_ZOOM, FARTHEST_ZOOM, ZOOM_STEP] = [6, 0.4, 1.25];

function shade(context, x, y, r, colour) {
  const gradient = context.createRadialGradient(x - 0.35 * r, y - 0.4 * r, 0.1 * r, x, y, r);
  gradient.addColorStop(0, `color-mix(in srgb, ${colour} 55%, white)`);
  gradient.addColorStop(0.55, colour);
  gradient.addColorStop(1, `color-mix(in srgb, ${colour} 78%, black)`);
  return gradient;
}

export function makeCrystal(canvas, tip, { onChoose, onHover, hovered }) {
  const context = canvas.getContext("2d");
  let [scene, fit, seen] = [null, null, null];
  let turn = firstTurn();
  let [width, height, waiting] = [0, 0, false];

  const later = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  };

  function measure() {
    const ratio = window.devicePixelRatio || 1;
    const box = canvas.getBoundingClientRect();
    if (!box.width) return false;
    if (width === box.width && height === box.height && canvas.width === Math.round(width * ratio)) return true;
    [width, height] = [box.width, box.height];
    [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    fit = scene && fitScene(scene, width, height, MARGIN);
    return true;
  }

  function draw() {
    if (!measure()) return;
    const ratio = canvas.width / width;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    if (!scene) return;
    const style = getComputedStyle(canvas);
    const colours = Object.fromEntries(
      ["text", "quiet", "accent", "strong-line", "surface"].map((name) => [name, style.getPropertyValue(`--${name}`).trim()]),
    );
    seen = projectScene(scene, turn, fit, width, height);
    const outline = `color-mix(in srgb, ${colours.text} 70%, ${colours.surface})`;
    const pointed = hovered();
    context.lineCap = "round";
    for (const part of seen.parts) {
      if (part.what === "atom") disc(part, colours, outline, pointed);
      else line(part, colours);
    }
    const chosen = seen.parts.find((part) => part.what === "atom" && part.i === 0);
    // seen through whatever is in front of it
    ring(chosen, chosen.r + 5, colours.accent, 2, 0.9);
    context.fillStyle = colours.quiet;
    context.font = `italic 12px ${style.fontFamily}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.strokeStyle = colours.surface;
    context.lineWidth = 3;
    for (const { text, x, y } of seen.letters) {
      context.strokeText(text, x, y);
      context.fillText(text, x, y);
    }
  }

  function ring({ x, y }, r, colour, thick, opacity) {
    context.globalAlpha = opacity;
    context.strokeStyle = colour;
    context.lineWidth = thick;
    context.beginPath();
    context.arc(x, y, r, 0, 2 * Math.PI);
    context.stroke();
    context.globalAlpha = 1;
  }

  function disc(part, colours, outline, pointed) {
    const atom = scene.atoms[part.i];
    if (part.i === 0) {
      context.globalAlpha = 0.25;
      context.fillStyle = colours.accent;
      context.beginPath();
      context.arc(part.x, part.y, part.r + 8, 0, 2 * Math.PI);
      context.fill();
      context.globalAlpha = 1;
    }
    context.fillStyle = shade(context, part.x, part.y, part.r, scene.kinds[atom[3]][1]);
    context.strokeStyle = outline;
    context.lineWidth = 1;
    context.beginPath();
    context.arc(part.x, part.y, part.r, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
    if (pointed !== null && atom[4] === pointed) ring(part, part.r + 3, colours.text, 1.5, 1);
  }

  function line(part, colours) {
    context.strokeStyle = { edge: colours.quiet, bond: colours["strong-line"], shell: colours.accent }[part.what];
    context.lineWidth = { edge: 1, bond: 3, shell: 4.5 }[part.what];
    context.globalAlpha = part.what === "edge" ? 0.7 : 1;
    context.beginPath();
    context.moveTo(part.x, part.y);
    context.lineTo(part.x2, part.y2);
    context.stroke();
    context.globalAlpha = 1;
  }

  const partUnder = (event) => {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    return seen && scene ? { part: partAt(seen.parts, x, y, REACH), x, y } : { part: null, x, y };
  };

  function read(event) {
    const { part, x, y } = partUnder(event);
    onHover(part?.what === "atom" ? scene.atoms[part.i][4] : null);
    canvas.style.cursor = part?.what === "atom" && part.i ? "pointer" : "grab";
    tip.hidden = !part;
    if (!part) return;
    tip.textContent = partText(scene, part);
    const left = Math.min(Math.max(x - tip.offsetWidth / 2, 0), Math.max(width - tip.offsetWidth, 0));
    tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(y > 40 ? y - tip.offsetHeight - 10 : y + 16)}px)`;
  }

  const unread = () => {
    tip.hidden = true;
    onHover(null);
  };

  const turnTo = (changes) => {
    turn = { ...turn, ...changes };
    turn.pitch = Math.min(Math.max(turn.pitch, -Math.PI / 2), Math.PI / 2);
    turn.zoom = Math.min(Math.max(turn.zoom, FARTHEST_ZOOM), NEAREST_ZOOM);
    later();
  };

  let held = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    held = { x: event.clientX, y: event.clientY, yaw: turn.yaw, pitch: turn.pitch, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!held) return read(event);
    const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
    if (!held.moved && Math.hypot(dx, dy) < 4) return undefined;
    held.moved = true;
    unread();
    return turnTo({ yaw: held.yaw - dx * PER_PIXEL, pitch: held.pitch + dy * PER_PIXEL });
  });
  canvas.addEventListener("pointerup", (event) => {
    const still = held && !held.moved;
    held = null;
    const { part } = partUnder(event);
    if (still && part?.what === "atom" && part.i) onChoose(scene.atoms[part.i][4]);
  });
  canvas.addEventListener("pointercancel", () => (held = null));
  canvas.addEventListener("pointerleave", unread);
  // without a key the wheel scrolls the column
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    turnTo({ zoom: turn.zoom * Math.exp(-event.deltaY * 0.002) });
  }, { passive: false });
  const byKey = {
    ArrowLeft: () => turnTo({ yaw: turn.yaw + STEP }),
    ArrowRight: () => turnTo({ yaw: turn.yaw - STEP }),
    ArrowUp: () => turnTo({ pitch: turn.pitch - STEP }),
    ArrowDown: () => turnTo({ pitch: turn.pitch + STEP }),
    "+": () => turnTo({ zoom: turn.zoom * ZOOM_STEP }),
    "=": () => turnTo({ zoom: turn.zoom * ZOOM_STEP }),
    "-": () => turnTo({ zoom: turn.zoom / ZOOM_STEP }),
    Home: () => turnTo(firstTurn()),
  };
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !byKey[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    byKey[event.key]();
  });
  new ResizeObserver(later).observe(canvas);

  return {
    redraw: later,
    in: () => turnTo({ zoom: turn.zoom * ZOOM_STEP }),
    out: () => turnTo({ zoom: turn.zoom / ZOOM_STEP }),
    reset: () => turnTo(firstTurn()),
    /* Another scene; the direction stays, so that atoms of one crystal can be compared. */
    show(next) {
      const same = scene && next && scene.crystal === next.crystal;
      scene = next;
      tip.hidden = true;
      if (!scene) return;
      canvas.setAttribute("aria-label", scene.says);
      if (!same) turn.zoom = 1;
      width = 0;
      draw();
      performance.mark("atlas:crystal");
    },
    /* For tests: the places of the drawn atoms, css px. */
    places: () => (seen?.parts ?? []).filter((part) => part.what === "atom").map(({ i, x, y }) => ({ x, y, atom: scene.atoms[i][4], i })),
  };
}
