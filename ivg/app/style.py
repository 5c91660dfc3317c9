"""How ``ivg-app``'s page looks: a theme and a style sheet that load nothing from elsewhere."""

from __future__ import annotations

from typing import Any

FONTS = ["Helvetica Neue", "Arial", "sans-serif"]
MONO_FONTS = ["Menlo", "Consolas", "monospace"]


def new_theme() -> Any:
    """Return the theme; its fonts are the machine's own."""
    import gradio as gr

    return gr.themes.Base(
        primary_hue="teal",
        secondary_hue="teal",
        neutral_hue="slate",
        radius_size="lg",
        font=FONTS,
        font_mono=MONO_FONTS,
    ).set(
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover_dark="*primary_500",
        button_primary_text_color="white",
        block_label_text_size="*text_sm",
        body_text_color_subdued="*neutral_500",
        body_text_color_subdued_dark="*neutral_400",
        block_info_text_color="*neutral_500",
        block_info_text_color_dark="*neutral_400",
    )


STYLE = """
:root, .dark { --font: system-ui, -apple-system, "Segoe UI", "Noto Sans", "Helvetica Neue", Arial, sans-serif; }
.gradio-container { max-width: 1480px !important; margin: 0 auto !important; padding: 20px 24px 32px !important; }
.ivg-head h1 { font-size: 26px; font-weight: 700; letter-spacing: -0.01em; margin: 0; color: var(--body-text-color); }
.ivg-head p { margin: 4px 0 0; color: var(--body-text-color-subdued); max-width: 92ch; line-height: 1.45; }

.ivg-progress { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; gap: 8px; list-style: none;
  margin: 0; padding: 0; }
.ivg-progress li { margin: 0; padding: 8px 0 0; border-top: 4px solid var(--border-color-primary); min-width: 0; }
.ivg-progress b { display: block; font-size: 13px; font-weight: 600; color: var(--body-text-color-subdued);
  white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.ivg-progress small { display: block; min-height: 18px; font-size: 12px; color: var(--body-text-color-subdued);
  font-variant-numeric: tabular-nums; }
.ivg-progress .done { border-color: #0d9488; }
.ivg-progress .done b, .ivg-progress .running b { color: var(--body-text-color); }
.ivg-progress .stopped { border-color: #d97706; }
.ivg-progress .running { border-image: linear-gradient(90deg, #0d9488 50%, var(--border-color-primary) 50%) 1;
  animation: ivg-pulse 1.2s ease-in-out infinite alternate; }
@keyframes ivg-pulse { from { opacity: 1; } to { opacity: 0.55; } }
.ivg-total { font-size: 12px; color: var(--body-text-color-subdued); min-height: 18px; text-align: right;
  font-variant-numeric: tabular-nums; }

.ivg-message { padding: 10px 14px; border-radius: 8px; margin: 0 0 8px; line-height: 1.45; overflow-wrap: anywhere;
  color: var(--body-text-color); background: rgba(217, 119, 6, 0.12); border-left: 4px solid #d97706; }
.ivg-message.error { background: rgba(220, 38, 38, 0.12); border-color: #dc2626; }

.ivg-card { border: 1px solid var(--border-color-primary); border-radius: 12px; padding: 12px;
  background: var(--block-background-fill); height: 100%; box-sizing: border-box; }
.ivg-card h3 { margin: 0; font-size: 14px; font-weight: 650; color: var(--body-text-color); }
.ivg-card p { margin: 1px 0 10px; font-size: 12.5px; color: var(--body-text-color-subdued); min-height: 18px;
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.ivg-card img, .ivg-card video { display: block; width: 100%; height: auto; border-radius: 8px; margin: 0; }
.ivg-card img.ivg-plot { border-radius: 0; }
.ivg-void { aspect-ratio: 1; border-radius: 8px; background: var(--background-fill-secondary); }
[data-panel="path"] .ivg-void, [data-panel="robot"] .ivg-void { aspect-ratio: auto; height: 300px; }
.ivg-card img.ivg-plot { max-height: 350px; object-fit: contain; }
.ivg-figures { display: grid; grid-template-columns: max-content 1fr; gap: 4px 14px; margin: 8px 0 0; font-size: 13px; }
.ivg-figures dt { color: var(--body-text-color-subdued); margin: 0; }
.ivg-figures dd { color: var(--body-text-color); margin: 0; font-variant-numeric: tabular-nums; }
.ivg-verdict { padding: 10px 14px; border-radius: 8px; margin: 0 0 10px; border-left: 4px solid #64748b;
  background: rgba(100, 116, 139, 0.14); color: var(--body-text-color); }
.ivg-verdict b { display: block; font-weight: 650; color: inherit; }
.ivg-verdict span { font-size: 13px; color: var(--body-text-color-subdued); }
.ivg-verdict.success { border-color: #16a34a; background: rgba(22, 163, 74, 0.14); }
.ivg-verdict.failure { border-color: #dc2626; background: rgba(220, 38, 38, 0.12); }
.ivg-foot { font-size: 12px; color: var(--body-text-color-subdued); line-height: 1.5; }
.ivg-row { align-items: stretch !important; gap: 14px !important; }
.ivg-row > * { padding: 0 !important; }
.ivg-row .html-container { padding: 0 !important; height: 100%; }
.ivg-row .prose { height: 100%; }
#ivg-messages:not(:has(.ivg-message)) { display: none; }
.ivg-row:has(> #ivg-messages):not(:has(.ivg-message)) { display: none; }
#ivg-seeds { align-items: end; }
#ivg-next { height: 44px; font-size: 14px; font-weight: 500; margin-bottom: 12px; }
#ivg-known { margin-top: -8px; }
#ivg-known button { font-size: 12.5px; color: var(--body-text-color); }
#ivg-go, #ivg-stop { height: 46px; font-size: 15px; }
@media (max-width: 900px) {
  .ivg-progress { grid-auto-flow: row; grid-template-columns: repeat(3, 1fr); }
  .ivg-row { flex-wrap: wrap !important; }
  .ivg-row > * { flex: 1 1 44% !important; min-width: 0 !important; }
  #ivg-path, #ivg-robot, #ivg-messages, #ivg-progress { flex-basis: 100% !important; }
}
"""
