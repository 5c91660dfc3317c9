// The timeline: of a robot its phase, its position along the plan and its opening; of a demonstration where hands are found.

const INSET = 8;

/** Draws a curve of values in [0, 1], one a tick. */
function drawCurve(context, values, x, y, colour, dashes = []) {
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.setLineDash(dashes);
  drawLine(context, values.map((value, tick) => [x(tick), y(value)]));
  context.setLineDash([]);
}

function drawOpening(context, poses, x, y, down) {
  const colour = openingColours();
  context.globalAlpha = 0.35;
  for (let k = 0; k < poses.length; k++) {
    const top = y(poses[k][7]);
    context.fillStyle = colour(poses[k][7]);
    const [from, to] = [x(k - 0.5), x(k + 0.5)].map(Math.round);
    context.fillRect(from, top, Math.max(to - from, 1), down - top);
  }
  context.globalAlpha = 1;
}

function drawPresence(context, tracks, x, height) {
  context.save();
  context.beginPath();
  context.rect(x(0), 0, x(tracks.length - 1) - x(0), height);
  context.clip();
  for (const hand of [0, 1]) {
    tracks.forEach((hands, tick) => {
      context.fillStyle = style(hands[hand] ? (hand ? "--right" : "--left") : "--line");
      context.fillRect(x(tick - 0.5) + 1, 10 + hand * (height / 2 - 6), x(1) - x(0) - 2, height / 2 - 14);
    });
  }
  context.restore();
}

function drawTimeline(canvas, record, ticks, tick) {
  const { context, width, height } = surface(canvas);
  const x = (at) => INSET + (at / Math.max(ticks - 1, 1)) * (width - 2 * INSET);
  const y = (value) => height - 6 - value * (height - 12);
  if (record.robot) {
    drawOpening(context, record.robot.pose, x, y, height - 6);
    drawCurve(context, record.robot.plan_phase, x, y, style("--soft"), [2, 3]);
    drawCurve(context, record.robot.phase, x, y, style("--accent"));
  } else {
    drawPresence(context, record.tracks, x, height);
  }
  context.strokeStyle = style("--ink");
  context.lineWidth = 1.5;
  drawLine(context, [[x(tick), 2], [x(tick), height - 2]]);
}

/** Says what the timeline's lines mean. */
function legendOf(record) {
  const rows = record.robot
    ? [["phase", "phase of the demonstration"], ["plan dashed", "position along the plan"], ["area", "gripper's opening"]]
    : [["left", "left hand found"], ["right", "right hand found"]];
  return rows.map(([kind, text]) => element("span", {}, element("i", { class: kind }), text));
}
