// A sheet to draw on: lines, areas and text, in CSS pixels from the upper left corner. One thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "packs/sql/chart/chart.hpp"
#include "packs/sql/chart/palette.hpp"

namespace hearth::packs::sql::chart {

struct Spot {
  double x = 0;
  double y = 0;
};

struct Box {
  double left = 0;
  double top = 0;
  double right = 0;
  double bottom = 0;
  [[nodiscard]] double width() const { return right - left; }
  [[nodiscard]] double height() const { return bottom - top; }
};

struct Pen {
  Colour colour = ink;
  double width = 1;
  int dash = 0;  // 0: whole; 1 and up: different dashes
};

enum class Align : std::uint8_t { begin, middle, end };

struct TextStyle {
  double size = 12;
  bool is_bold = false;
  Colour colour = ink;
  Align across = Align::begin;  // of the spot along the text
  Align down = Align::end;      // begin: the text is below the spot; middle; end: its base is there
  double degrees = 0;           // clockwise
};

class Canvas final {
 public:
  // White. `unavailable` without Cairo.
  [[nodiscard]] static Result<Canvas> make(Format format, int width, int height);
  Canvas(Canvas&&) noexcept;
  Canvas& operator=(Canvas&&) = delete;
  ~Canvas();

  void line(Spot from, Spot to, const Pen& pen);
  void path(const std::vector<Spot>& spots, const Pen& pen);
  void fill(const Box& box, Colour colour);
  void frame(const Box& box, const Pen& pen);
  void dot(Spot at, double radius, Colour colour);
  // Marks that differ in form as well: circle, square, diamond, triangle …
  void symbol(Spot at, double radius, int form, Colour colour);
  void text(Spot at, std::string_view words, const TextStyle& style);
  [[nodiscard]] double width_of(std::string_view words, const TextStyle& style) const;
  // `words`, with an ellipsis in place of what makes it wider than `width`.
  [[nodiscard]] std::string fitted(std::string_view words,
                                   double width,
                                   const TextStyle& style) const;
  // What is drawn in between is cut off at the box.
  void begin_clip(const Box& box);
  void end_clip();

  // The picture as a file's bytes; nothing is drawn after it.
  [[nodiscard]] Result<std::string> finish();

 private:
  struct State;
  explicit Canvas(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace hearth::packs::sql::chart
