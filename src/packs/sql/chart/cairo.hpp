// Cairo, loaded at its first use: linked, it would bring 20 libraries into every start of the
// daemon (docs/adr/0014) for what few calls want.
#pragma once

#include <cairo-svg.h>
#include <cairo.h>

#include "base/result.hpp"

namespace hearth::packs::sql::chart {

// The functions that canvas.cpp calls, under their names without the prefix.
struct Cairo {
#define HEARTH_CAIRO_FUNCTIONS(X)  \
  X(image_surface_create)          \
  X(svg_surface_create_for_stream) \
  X(svg_surface_set_document_unit) \
  X(surface_set_device_scale)      \
  X(surface_write_to_png_stream)   \
  X(surface_finish)                \
  X(surface_status)                \
  X(surface_destroy)               \
  X(status_to_string)              \
  X(create)                        \
  X(destroy)                       \
  X(status)                        \
  X(save)                          \
  X(restore)                       \
  X(translate)                     \
  X(rotate)                        \
  X(rectangle)                     \
  X(clip)                          \
  X(arc)                           \
  X(new_path)                      \
  X(move_to)                       \
  X(line_to)                       \
  X(close_path)                    \
  X(fill)                          \
  X(stroke)                        \
  X(paint)                         \
  X(set_source_rgba)               \
  X(set_line_width)                \
  X(set_line_join)                 \
  X(set_line_cap)                  \
  X(set_dash)                      \
  X(select_font_face)              \
  X(set_font_size)                 \
  X(text_extents)                  \
  X(show_text)
#define HEARTH_CAIRO_MEMBER(name) decltype(&::cairo_##name) name = nullptr;
  HEARTH_CAIRO_FUNCTIONS(HEARTH_CAIRO_MEMBER)
#undef HEARTH_CAIRO_MEMBER
};

// Loads it once; it stays until the process ends. Any thread. `unavailable` says which package is
// missing.
[[nodiscard]] Result<const Cairo*> load_cairo();

}  // namespace hearth::packs::sql::chart
