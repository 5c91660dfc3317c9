// The player: clip, robot, paths and timeline of one episode at one tick.
// A tick is a step of the robot; of a demonstration without a robot, a frame.

const HOLD_S = 0.6;
const player = { record: null, clip: null, robot: null, tick: 0, time: 0, playing: false, before: 0, loading: 0 };

const inPhase = () => byId("mode").value === "phase";
const rate = () => (player.record.robot ?? player.record.clip).fps;

/** Returns how many ticks the episode has: those of the robot, or, at their own speeds, of what takes longer. */
function ticks() {
  const { robot, clip } = player.record;
  if (!robot) return clip.count;
  return inPhase() ? robot.steps : Math.max(robot.steps, Math.ceil((clip.count / clip.fps) * robot.fps));
}

/** Returns the clip's frame and the robot's step at the present tick. */
function present() {
  const { robot, clip } = player.record;
  if (!robot) return { frame: player.tick, step: 0 };
  const step = Math.min(player.tick, robot.steps - 1);
  const frame = inPhase() ? Math.round(robot.phase[step] * (clip.count - 1)) : Math.floor((player.tick / robot.fps) * clip.fps + 1e-6);
  return { frame: Math.min(frame, clip.count - 1), step };
}

/** Returns which of the robot's images is nearest to a step. */
function nearestImage(shown, step) {
  let best = 0;
  shown.forEach((at, k) => { if (Math.abs(at - step) < Math.abs(shown[best] - step)) best = k; });
  return best;
}

function drawClip(frame) {
  const { clip, tracks, region } = player.record;
  const { context, width, height } = surface(byId("clip"));
  drawCell(context, player.clip, clip, frame, width, height);
  if (region && byId("show-region").checked) drawRegion(context, region[frame], width, height);
  if (byId("show-hands").checked) drawHands(context, tracks[frame], width, height);
  byId("frame").textContent = `frame ${frame + 1} of ${clip.count}`;
}

/** Draws all frames of a clip, and marks the present one. */
function drawGrid(now) {
  const { clip, tracks, region } = player.record;
  const { context, width, height } = surface(byId("grid"));
  const cells = Math.ceil(Math.sqrt(clip.count));
  const [across, down] = [width / cells, height / cells];
  for (let frame = 0; frame < clip.count; frame++) {
    context.save();
    context.translate((frame % cells) * across, Math.floor(frame / cells) * down);
    drawCell(context, player.clip, clip, frame, across - 3, down - 3);
    if (region && byId("show-region").checked) drawRegion(context, region[frame], across - 3, down - 3);
    if (byId("show-hands").checked) drawHands(context, tracks[frame], across - 3, down - 3);
    context.strokeStyle = style("--accent");
    context.lineWidth = 3;
    if (frame === now) context.strokeRect(1.5, 1.5, across - 6, down - 6);
    context.restore();
  }
}

/** Goes to the frame of the image grid that a click hit. */
function seekInGrid({ offsetX, offsetY, target }) {
  const cells = Math.ceil(Math.sqrt(player.record.clip.count));
  setPlaying(false);
  seek(Math.floor((offsetY / target.clientHeight) * cells) * cells + Math.floor((offsetX / target.clientWidth) * cells));
}

function drawRobot(step, frame) {
  const { robot } = player.record;
  const { context, width, height } = surface(byId("robot"));
  drawCell(context, player.robot, robot.images, nearestImage(robot.shown, step), width, height);
  byId("step").textContent = `step ${step + 1} of ${robot.steps}`;
  byId("opening").textContent = `opening ${percent(robot.pose[step][7])}`;
  const shown = Object.fromEntries(["path", "plan", "robot"].map((name) => [name, byId(`show-${name}`).checked]));
  drawSpace(byId("space"), robot, step, frame, shown);
}

/** Draws everything at the present tick. */
function draw() {
  if (!player.record) return;
  const { frame, step } = present();
  drawClip(frame);
  if (player.record.robot) drawRobot(step, frame);
  else drawGrid(frame);
  drawTimeline(byId("chart"), player.record, ticks(), player.tick);
  byId("slider").value = player.tick;
  byId("clock").textContent = `${(player.tick / rate()).toFixed(2)} of ${((ticks() - 1) / rate()).toFixed(2)} s`;
}

function seek(tick) {
  if (!player.record) return;
  player.tick = Math.min(Math.max(tick, 0), ticks() - 1);
  player.time = player.tick / rate();
  draw();
}

function setPlaying(playing) {
  player.playing = playing;
  byId("play").textContent = playing ? "❚❚ Pause" : "▶ Play";
  byId("play").setAttribute("aria-label", playing ? "Pause" : "Play");
  if (playing) player.before = performance.now();
}

function advance(now) {
  requestAnimationFrame(advance);
  if (!player.playing || !player.record) return;
  const passed = Math.min((now - player.before) / 1000, 0.25);
  player.before = now;
  player.time = (player.time + Math.max(passed, 0) * Number(byId("speed").value)) % (ticks() / rate() + HOLD_S);
  const tick = Math.min(Math.floor(player.time * rate() + 1e-6), ticks() - 1);
  if (tick === player.tick) return;
  player.tick = tick;
  draw();
}

/** Shows the views that an episode has, in its proportions. */
function arrange({ clip, robot, region }) {
  byId("views").classList.toggle("alone", !robot);
  for (const id of ["robot-view", "space-view"]) byId(id).hidden = !robot;
  byId("grid-view").hidden = Boolean(robot);
  byId("region-toggle").hidden = !region;
  for (const id of ["clip", "grid", "robot", "space"]) byId(id).style.aspectRatio = `${clip.width} / ${clip.height}`;
}

/** Unpacks an episode and shows it at a tick. Of several calls the last one counts. */
async function load(index, tick = 0) {
  const request = ++player.loading;
  const record = recordOf(index);
  arrange(record);
  const [clip, robot] = await Promise.all([bitmapOf(record.clip), record.robot ? bitmapOf(record.robot.images) : null]);
  if (request !== player.loading) return;
  player.clip?.close();
  player.robot?.close();
  Object.assign(player, { record, clip, robot });
  byId("legend").replaceChildren(...legendOf(record));
  byId("chart").setAttribute("aria-label", byId("legend").textContent);
  if (robot) frameSpace(record.robot);
  byId("slider").max = ticks() - 1;
  seek(tick);
}

function unload() {
  player.loading++;
  player.record = null;
}

function changeSpeed(by) {
  const speed = byId("speed");
  speed.selectedIndex = Math.min(Math.max(speed.selectedIndex + by, 0), speed.options.length - 1);
}

/** Connects the player's controls. */
function startPlayer() {
  byId("play").addEventListener("click", () => setPlaying(!player.playing));
  byId("slider").addEventListener("input", (event) => { setPlaying(false); seek(Number(event.target.value)); });
  byId("back").addEventListener("click", () => { setPlaying(false); seek(player.tick - 1); });
  byId("forth").addEventListener("click", () => { setPlaying(false); seek(player.tick + 1); });
  byId("mode").addEventListener("change", () => { byId("slider").max = ticks() - 1; seek(player.tick); });
  for (const name of ["hands", "region", "path", "plan", "robot"]) byId(`show-${name}`).addEventListener("change", draw);
  byId("grid").addEventListener("click", seekInGrid);
  steerSpace(byId("space"), draw);
  new ResizeObserver(draw).observe(byId("views"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  setPlaying(!matchMedia("(prefers-reduced-motion: reduce)").matches);
  requestAnimationFrame(advance);
}
