// Space: paths of grippers in the world (m, z up), seen from a point that can be moved about them.

// Seen as the kitchen's camera sees it, a little from the side: x ahead, y to the left.
const HOME = { yaw: -1.2, pitch: 0.5, zoom: 1 };
const space = { ...HOME, centre: [0, 0, 0], reach: 0.3, floor: 0, ground: [0, 0, 0, 0], drag: null };
const GRID_M = 0.1;
const FINGER_M = 0.045;
const WIDE_M = 0.08;

/** Puts the paths of an episode in the middle. */
function frameSpace(robot) {
  const points = [...robot.pose, ...robot.path, ...robot.plan];
  const low = [0, 1, 2].map((axis) => Math.min(...points.map((point) => point[axis])));
  const high = [0, 1, 2].map((axis) => Math.max(...points.map((point) => point[axis])));
  space.floor = low[2] > 0 && low[2] < 0.3 ? 0 : Math.floor(low[2] / 0.05) * 0.05;
  low[2] = Math.min(low[2], space.floor);
  space.centre = low.map((value, axis) => (value + high[axis]) / 2);
  const far = points.map((point) => Math.hypot(...space.centre.map((value, axis) => point[axis] - value)));
  space.reach = Math.max(0.08, ...far);
  const cells = (value, round) => round(value / GRID_M) * GRID_M;
  space.ground = [cells(low[0] - 0.03, Math.floor), cells(high[0] + 0.03, Math.ceil),
    cells(low[1] - 0.03, Math.floor), cells(high[1] + 0.03, Math.ceil)];
}

/** Returns a function from points of the world to points of the canvas. */
function lens(width, height) {
  const far = 3.2 * space.reach;
  const scale = (0.5 * Math.min(width, height) * space.zoom * far) / (space.reach * 1.08);
  const [c, s] = [Math.cos(space.yaw), Math.sin(space.yaw)];
  const [cp, sp] = [Math.cos(space.pitch), Math.sin(space.pitch)];
  return (point) => {
    const [x, y, z] = [0, 1, 2].map((axis) => point[axis] - space.centre[axis]);
    const [right, ahead] = [c * x + s * y, c * y - s * x];
    const near = scale / Math.max(far + ahead * cp - z * sp, 0.02);
    return [width / 2 + right * near, height / 2 - (ahead * sp + z * cp) * near];
  };
}

/** Returns the colour of an opening: 0 closed, 1 open. */
function openingColours() {
  const stops = ["--closed", "--middle", "--open"].map((name) => style(name).match(/[0-9a-f]{2}/gi).map((pair) => parseInt(pair, 16)));
  return (opening) => {
    const at = 2 * Math.min(Math.max(opening, 0), 1);
    const [from, to] = at < 1 ? [stops[0], stops[1]] : [stops[1], stops[2]];
    return `rgb(${from.map((value, k) => Math.round(value + (to[k] - value) * (at - Math.floor(Math.min(at, 1.999)))))})`;
  };
}

function drawLine(context, points) {
  context.beginPath();
  points.forEach((point, k) => context[k ? "lineTo" : "moveTo"](...point));
  context.stroke();
}

function drawGround(context, see) {
  const [x0, x1, y0, y1] = space.ground;
  context.strokeStyle = style("--grid");
  context.lineWidth = 1;
  for (let x = x0; x < x1 + 1e-6; x += GRID_M) drawLine(context, [[x, y0, space.floor], [x, y1, space.floor]].map(see));
  for (let y = y0; y < y1 + 1e-6; y += GRID_M) drawLine(context, [[x0, y, space.floor], [x1, y, space.floor]].map(see));
}

function drawShadow(context, see, poses) {
  context.strokeStyle = style("--shadow");
  context.lineWidth = 1.5;
  drawLine(context, poses.map(([x, y]) => see([x, y, space.floor])));
}

/** Draws a path piece by piece in the colours of its opening. */
function drawPath(context, see, poses, colour, thick, strength = () => 1) {
  context.lineWidth = thick;
  context.lineCap = "round";
  for (let k = 1; k < poses.length; k++) {
    context.globalAlpha = strength(k);
    context.strokeStyle = colour(poses[k][7]);
    drawLine(context, [see(poses[k - 1]), see(poses[k])]);
  }
  context.globalAlpha = 1;
}

function drawDots(context, see, poses, colour, radius, hollow) {
  for (const pose of poses) {
    context.beginPath();
    context.arc(...see(pose), radius, 0, 7);
    context.fillStyle = hollow ? style("--card") : colour(pose[7]);
    context.fill();
    context.strokeStyle = colour(pose[7]);
    context.lineWidth = 1.5;
    if (hollow) context.stroke();
  }
}

/** Draws a gripper's two fingers: z of its frame approaches, y closes. */
function drawGripper(context, see, pose, colour, thick) {
  const [x, y, z, w, a, b, c] = pose;
  const closes = [2 * (a * b - w * c), 1 - 2 * (a * a + c * c), 2 * (b * c + w * a)];
  const nears = [2 * (a * c + w * b), 2 * (b * c - w * a), 1 - 2 * (a * a + b * b)];
  const at = (side, back) => see([x, y, z].map((value, k) => value + side * closes[k] - back * nears[k]));
  const half = 0.008 + (WIDE_M / 2) * pose[7];
  context.lineWidth = thick;
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = colour;
  drawLine(context, [at(half, 0), at(half, FINGER_M), at(-half, FINGER_M), at(-half, 0)]);
  drawLine(context, [at(0, FINGER_M), at(0, FINGER_M * 1.7)]);
}

/** Draws the directions of the axes in a corner, and says how large the squares are. */
function drawAxes(context, height) {
  const [c, s, cp, sp] = [Math.cos(space.yaw), Math.sin(space.yaw), Math.cos(space.pitch), Math.sin(space.pitch)];
  const axes = { x: [c, -s * sp], y: [s, c * sp], z: [0, cp] };
  const [x, y] = [34, height - 44];
  context.font = "600 11px system-ui, sans-serif";
  context.lineWidth = 1.5;
  context.fillStyle = context.strokeStyle = style("--soft");
  for (const [name, [right, up]] of Object.entries(axes)) {
    drawLine(context, [[x, y], [x + 16 * right, y - 16 * up]]);
    context.fillText(name, x + 23 * right - 3, y - 23 * up + 4);
  }
  context.font = "11px system-ui, sans-serif";
  context.fillText("squares of 10 cm", 10, height - 9);
}

/** Draws what is switched on, with grippers where they are at a step of the robot. */
function drawSpace(canvas, robot, step, frame, shown) {
  const { context, width, height } = surface(canvas);
  const see = lens(width, height);
  const colour = openingColours();
  drawGround(context, see);
  drawAxes(context, height);
  if (shown.robot) drawShadow(context, see, robot.pose);
  else if (shown.plan) drawShadow(context, see, robot.plan);
  if (shown.path) {
    drawPath(context, see, robot.path, colour, 1.2);
    drawDots(context, see, robot.path, colour, 3.2, true);
  }
  if (shown.plan) drawDots(context, see, robot.plan, colour, 2.2, false);
  if (shown.robot) drawPath(context, see, robot.pose, colour, 3.5, (k) => (k <= step ? 1 : 0.28));
  if (shown.path) drawGripper(context, see, robot.path[frame], style("--soft"), 1.5);
  if (shown.robot) drawGripper(context, see, robot.pose[step], style("--ink"), 2.5);
}

function rotateSpace(yaw, pitch) {
  space.yaw += yaw;
  space.pitch = Math.min(Math.max(space.pitch + pitch, -0.2), Math.PI / 2);
}

function zoomSpace(factor) {
  space.zoom = Math.min(Math.max(space.zoom * factor, 0.4), 8);
}

/** Lets the mouse, fingers and keys move the point of view; `redraw` is called after each change. */
function steerSpace(canvas, redraw) {
  const keys = { ArrowLeft: () => rotateSpace(0.12, 0), ArrowRight: () => rotateSpace(-0.12, 0), ArrowUp: () => rotateSpace(0, 0.08),
    ArrowDown: () => rotateSpace(0, -0.08), "+": () => zoomSpace(1.15), "-": () => zoomSpace(1 / 1.15), 0: () => Object.assign(space, HOME) };
  const change = (act) => (event) => { act(event); event.preventDefault(); redraw(); };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    space.drag = [event.clientX, event.clientY];
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!space.drag) return;
    rotateSpace((space.drag[0] - event.clientX) / 120, (event.clientY - space.drag[1]) / 120);
    space.drag = [event.clientX, event.clientY];
    redraw();
  });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { space.drag = null; });
  canvas.addEventListener("wheel", change((event) => zoomSpace(Math.exp(-event.deltaY / 500))), { passive: false });
  canvas.addEventListener("dblclick", change(() => Object.assign(space, HOME)));
  canvas.addEventListener("keydown", (event) => {
    if (!keys[event.key]) return;
    change(keys[event.key])(event);
    event.stopPropagation();
  });
}
