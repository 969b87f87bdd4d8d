#include "packs/sql/chart/canvas.hpp"

#include <cmath>
#include <numbers>
#include <utility>

#include "packs/sql/chart/cairo.hpp"

namespace hearth::packs::sql::chart {
namespace {

constexpr double pixels_of_a_point = 2;
constexpr const char* font = "sans-serif";

cairo_status_t append(void* to, const unsigned char* bytes, unsigned int size) {
  static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(bytes), size);
  return CAIRO_STATUS_SUCCESS;
}

std::size_t length_of(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  return lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
}

// What Cairo takes: UTF-8 on one line. It refuses all further drawing after anything else.
std::string printable(std::string_view words) {
  std::string clean;
  for (std::size_t at = 0; at < words.size();) {
    const auto lead = static_cast<unsigned char>(words[at]);
    const std::size_t length = length_of(lead);
    bool is_good = length != 0 && at + length <= words.size();
    for (std::size_t i = 1; is_good && i < length; ++i) {
      is_good = (static_cast<unsigned char>(words[at + i]) & 0xC0) == 0x80;
    }
    if (is_good && length == 3) {
      const auto second = static_cast<unsigned char>(words[at + 1]);
      is_good = !(lead == 0xE0 && second < 0xA0) && !(lead == 0xED && second >= 0xA0);
    }
    if (is_good && length == 4) {
      const auto second = static_cast<unsigned char>(words[at + 1]);
      is_good = !(lead == 0xF0 && second < 0x90) && !(lead == 0xF4 && second >= 0x90);
    }
    if (!is_good) {
      clean += "\uFFFD";
      ++at;
    } else if (lead < 0x20 || lead == 0x7F) {
      clean += ' ';
      ++at;
    } else {
      clean.append(words.substr(at, length));
      at += length;
    }
  }
  return clean;
}

// The first and last bytes of a text, `kept` in all, about; names often differ in their ends only.
std::string cut_out(const std::string& text, std::size_t kept) {
  const auto is_inside = [&text](std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
  };
  std::size_t head = kept - kept / 3;
  std::size_t tail = text.size() - kept / 3;
  while (head > 0 && is_inside(head)) --head;
  while (is_inside(tail)) ++tail;
  return text.substr(0, head) + "…" + text.substr(tail);
}

const std::array<std::array<double, 4>, 4> dashes{
    {{7, 3, 7, 3}, {2, 3, 2, 3}, {9, 3, 2, 3}, {14, 4, 14, 4}}};

}  // namespace

struct Canvas::State {
  explicit State(const Cairo& library) : cairo(library) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (context != nullptr) cairo.destroy(context);
    if (surface != nullptr) cairo.surface_destroy(surface);
  }
  void use(Colour colour) const {
    cairo.set_source_rgba(context, colour.red / 255.0, colour.green / 255.0, colour.blue / 255.0,
                          colour.alpha);
  }
  void use(const Pen& pen) const {
    use(pen.colour);
    cairo.set_line_width(context, pen.width);
    if (pen.dash == 0) return cairo.set_dash(context, nullptr, 0, 0);
    const auto& dash = dashes[static_cast<std::size_t>(pen.dash - 1) % dashes.size()];
    cairo.set_dash(context, dash.data(), static_cast<int>(dash.size()), 0);
  }
  void use(const TextStyle& style) const {
    cairo.select_font_face(context, font, CAIRO_FONT_SLANT_NORMAL,
                           style.is_bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo.set_font_size(context, style.size);
  }

  const Cairo& cairo;
  Format format = Format::png;
  std::string svg;
  cairo_surface_t* surface = nullptr;
  cairo_t* context = nullptr;
};

Canvas::Canvas(std::unique_ptr<State> state) : state_(std::move(state)) {}
Canvas::Canvas(Canvas&&) noexcept = default;
Canvas::~Canvas() = default;

Result<Canvas> Canvas::make(Format format, int width, int height) {
  const auto cairo = load_cairo();
  if (!cairo) return std::unexpected(cairo.error());
  auto state = std::make_unique<State>(**cairo);
  state->format = format;
  if (format == Format::svg) {
    state->surface = (*cairo)->svg_surface_create_for_stream(append, &state->svg, width, height);
    (*cairo)->svg_surface_set_document_unit(state->surface, CAIRO_SVG_UNIT_PX);
  } else {
    state->surface = (*cairo)->image_surface_create(CAIRO_FORMAT_RGB24,
                                                    static_cast<int>(width * pixels_of_a_point),
                                                    static_cast<int>(height * pixels_of_a_point));
    (*cairo)->surface_set_device_scale(state->surface, pixels_of_a_point, pixels_of_a_point);
  }
  state->context = (*cairo)->create(state->surface);
  if (const auto status = (*cairo)->status(state->context); status != CAIRO_STATUS_SUCCESS) {
    return fail(Errc::internal, std::string("draw: ") + (*cairo)->status_to_string(status));
  }
  (*cairo)->set_line_join(state->context, CAIRO_LINE_JOIN_ROUND);
  state->use(paper);
  (*cairo)->paint(state->context);
  return Canvas(std::move(state));
}

void Canvas::line(Spot from, Spot to, const Pen& pen) {
  path({from, to}, pen);
}

void Canvas::path(const std::vector<Spot>& spots, const Pen& pen) {
  const auto& cairo = state_->cairo;
  state_->use(pen);
  cairo.new_path(state_->context);
  for (const Spot& spot : spots) cairo.line_to(state_->context, spot.x, spot.y);
  cairo.stroke(state_->context);
}

void Canvas::fill(const Box& box, Colour colour) {
  state_->use(colour);
  state_->cairo.rectangle(state_->context, box.left, box.top, box.width(), box.height());
  state_->cairo.fill(state_->context);
}

void Canvas::frame(const Box& box, const Pen& pen) {
  state_->use(pen);
  state_->cairo.rectangle(state_->context, box.left, box.top, box.width(), box.height());
  state_->cairo.stroke(state_->context);
}

void Canvas::dot(Spot at, double radius, Colour colour) {
  symbol(at, radius, 0, colour);
}

void Canvas::symbol(Spot at, double radius, int form, Colour colour) {
  const auto& cairo = state_->cairo;
  state_->use(colour);
  cairo.new_path(state_->context);
  if (form % 4 == 0) {
    cairo.arc(state_->context, at.x, at.y, radius, 0, 2 * std::numbers::pi);
  } else {
    // Polygons of the circle's area, more or less.
    const int corners = form % 4 == 3 ? 3 : 4;
    const double turn = form % 4 == 1 ? std::numbers::pi / 4 : -std::numbers::pi / 2;
    for (int i = 0; i < corners; ++i) {
      const double angle = turn + 2 * std::numbers::pi * i / corners;
      cairo.line_to(state_->context, at.x + 1.25 * radius * std::cos(angle),
                    at.y + 1.25 * radius * std::sin(angle));
    }
    cairo.close_path(state_->context);
  }
  cairo.fill(state_->context);
}

double Canvas::width_of(std::string_view words, const TextStyle& style) const {
  cairo_text_extents_t extents{};
  state_->use(style);
  state_->cairo.text_extents(state_->context, printable(words).c_str(), &extents);
  return extents.x_advance;
}

std::string Canvas::fitted(std::string_view words, double width, const TextStyle& style) const {
  std::string clean = printable(words);
  if (width_of(clean, style) <= width) return clean;
  // By halves: a text of a megabyte is measured ten times, not a million.
  std::size_t low = 0;
  std::size_t high = std::min<std::size_t>(clean.size(), 1'000);
  while (low < high) {
    const std::size_t middle = (low + high + 1) / 2;
    if (width_of(cut_out(clean, middle), style) <= width) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return cut_out(clean, low);
}

void Canvas::text(Spot at, std::string_view words, const TextStyle& style) {
  const std::string clean = printable(words);
  const double width = style.across == Align::begin ? 0 : width_of(clean, style);
  const auto& cairo = state_->cairo;
  state_->use(style);
  state_->use(style.colour);
  cairo.save(state_->context);
  cairo.translate(state_->context, at.x, at.y);
  cairo.rotate(state_->context, style.degrees * std::numbers::pi / 180);
  // Capitals are some 0.72 of a font's size: for the eye the middle of a line is theirs.
  const double drop = style.down == Align::begin    ? 0.8 * style.size
                      : style.down == Align::middle ? 0.36 * style.size
                                                    : 0;
  cairo.move_to(state_->context,
                style.across == Align::middle ? -width / 2
                : style.across == Align::end  ? -width
                                              : 0,
                drop);
  cairo.show_text(state_->context, clean.c_str());
  cairo.restore(state_->context);
}

void Canvas::begin_clip(const Box& box) {
  state_->cairo.save(state_->context);
  state_->cairo.rectangle(state_->context, box.left, box.top, box.width(), box.height());
  state_->cairo.clip(state_->context);
}

void Canvas::end_clip() {
  state_->cairo.restore(state_->context);
}

Result<std::string> Canvas::finish() {
  const auto& cairo = state_->cairo;
  std::string png;
  auto status = cairo.status(state_->context);
  if (status == CAIRO_STATUS_SUCCESS && state_->format == Format::png) {
    status = cairo.surface_write_to_png_stream(state_->surface, append, &png);
  } else if (status == CAIRO_STATUS_SUCCESS) {
    cairo.surface_finish(state_->surface);
    status = cairo.surface_status(state_->surface);
  }
  if (status != CAIRO_STATUS_SUCCESS) {
    return fail(Errc::internal, std::string("draw: ") + cairo.status_to_string(status));
  }
  return state_->format == Format::png ? std::move(png) : std::move(state_->svg);
}

}  // namespace hearth::packs::sql::chart
