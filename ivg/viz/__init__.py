"""Drawing: canvas, hands, regions, optical flow, image grids, plots, overview and execution videos."""
