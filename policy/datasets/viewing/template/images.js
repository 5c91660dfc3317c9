// Images: unpacking sprites, drawing one of their cells, and hands and regions over it.

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Unpacks a sprite. */
function bitmapOf(sprite) {
  const bytes = Uint8Array.from(atob(sprite.data), (sign) => sign.charCodeAt(0));
  return createImageBitmap(new Blob([bytes], { type: sprite.type }));
}

/** Makes a canvas as fine as the screen, empty and without any state; returns its context, and its size in CSS pixels. */
function surface(canvas) {
  const { width, height } = canvas.getBoundingClientRect();
  const fine = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(width * fine));
  canvas.height = Math.max(1, Math.round(height * fine));
  const context = canvas.getContext("2d");
  context.scale(fine, fine);
  return { context, width, height };
}

/** Draws one image of a sprite over the whole of a canvas. */
function drawCell(context, bitmap, sprite, index, width, height) {
  const x = (index % sprite.columns) * sprite.cell_width;
  const y = Math.floor(index / sprite.columns) * sprite.cell_height;
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, x, y, sprite.width, sprite.height, 0, 0, width, height);
}

/** Draws the hands of a frame: bones and joints, the left one blue, the right one red. */
function drawHands(context, hands, width, height) {
  const thick = Math.max(1.2, width / 170);
  hands.forEach((joints, hand) => {
    if (!joints) return;
    const bones = new Path2D();
    const dots = new Path2D();
    const at = (joint) => [joints[2 * joint] * width, joints[2 * joint + 1] * height];
    for (const [from, to] of dataset.bones) {
      bones.moveTo(...at(from));
      bones.lineTo(...at(to));
    }
    for (let joint = 0; joint < joints.length / 2; joint++) {
      const [x, y] = at(joint);
      dots.moveTo(x + thick, y);
      dots.arc(x, y, thick, 0, 7);
    }
    context.lineCap = "round";
    context.strokeStyle = "rgba(0, 0, 0, .55)";
    context.lineWidth = thick * 2.2;
    context.stroke(bones);
    context.strokeStyle = style(hand ? "--right" : "--left");
    context.lineWidth = thick * 1.2;
    context.stroke(bones);
    context.fillStyle = "#fff";
    context.fill(dots);
  });
}

/** Draws the region of a frame: its outline, and a veil over what lies in it. */
function drawRegion(context, polygons, width, height) {
  const region = new Path2D();
  for (const points of polygons) {
    for (let k = 0; k < points.length; k += 2) region[k ? "lineTo" : "moveTo"](points[k] * width, points[k + 1] * height);
    region.closePath();
  }
  context.save();
  context.fillStyle = context.strokeStyle = style("--region");
  context.globalAlpha = 0.18;
  context.fill(region, "evenodd");
  context.globalAlpha = 1;
  context.lineWidth = Math.max(1.2, width / 240);
  context.lineJoin = "round";
  context.stroke(region);
  context.restore();
}
