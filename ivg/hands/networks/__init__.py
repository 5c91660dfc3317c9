"""MediaPipe's hand networks from the installed wheel, run by LiteRT or, with a gradient, in torch."""
