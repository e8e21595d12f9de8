/* Marks over the points: the chosen atom, the one under the pointer, uploaded atoms, the lasso. */

const RING = 7; // css px

export function makeOverlay(canvas) {
  const pen = canvas.getContext("2d");
  let dpr = 1;

  /* With the atom's own colour inside, since other points may lie on it. */
  function ring(x, y, radius, inside, colour, ground, width) {
    pen.beginPath();
    pen.arc(x, y, radius / 2, 0, 2 * Math.PI);
    pen.fillStyle = inside;
    pen.fill();
    for (const [style, w] of [[ground, width + 2.5], [colour, width]]) {
      pen.beginPath();
      pen.arc(x, y, radius, 0, 2 * Math.PI);
      pen.strokeStyle = style;
      pen.lineWidth = w;
      pen.stroke();
    }
  }

  function diamond(x, y, colour, ground) {
    pen.beginPath();
    for (const [dx, dy] of [[0, -7], [7, 0], [0, 7], [-7, 0]]) pen.lineTo(x + dx, y + dy);
    pen.closePath();
    pen.fillStyle = colour;
    pen.strokeStyle = ground;
    pen.lineWidth = 1.5;
    pen.fill();
    pen.stroke();
  }

  function within({ x, y, w, h }, draw) {
    pen.save();
    pen.beginPath();
    pen.rect(x, y, w, h);
    pen.clip();
    draw();
    pen.restore();
  }

  return {
    resize(width, height, ratio) {
      dpr = ratio;
      canvas.width = Math.round(width * dpr);
      canvas.height = Math.round(height * dpr);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    },
    /* marks: [{rect, rings: [{x, y, strong, colour}], diamonds: [{x, y}], path: [[x, y]], open}] in css px */
    draw(marks, look) {
      pen.setTransform(dpr, 0, 0, dpr, 0, 0);
      pen.clearRect(0, 0, canvas.width, canvas.height);
      for (const { rect, rings, diamonds, path, open } of marks)
        within(rect, () => {
          if (path?.length > 1) {
            pen.beginPath();
            for (const [x, y] of path) pen.lineTo(x, y);
            if (!open) pen.closePath();
            pen.strokeStyle = look.accent;
            pen.lineWidth = 1.5;
            pen.setLineDash([5, 3]);
            pen.stroke();
            pen.setLineDash([]);
          }
          for (const { x, y } of diamonds) diamond(x, y, look.accent, look.surface);
          for (const { x, y, strong, colour } of rings) ring(x, y, RING, colour, strong ? look.accent : look.text, look.surface, strong ? 2.5 : 1.5);
        });
    },
  };
}
