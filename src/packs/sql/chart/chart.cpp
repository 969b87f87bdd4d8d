#include "packs/sql/chart/chart.hpp"

#include <algorithm>

#include "packs/sql/chart/plan.hpp"

namespace hearth::packs::sql::chart {
namespace {

Result<void> check(const Spec& spec, const Data& data) {
  for (const int side : {spec.width, spec.height}) {
    if (side < smallest_side || side > largest_side) {
      return fail(Errc::invalid_args, "width and height: from " + std::to_string(smallest_side) +
                                          " to " + std::to_string(largest_side) + " pixels");
    }
  }
  if (data.group && data.y.size() > 1) {
    return fail(Errc::invalid_args, "several y or a group make several series, but not both",
                {"leave out group, or all but one y"});
  }
  std::vector<const Field*> fields;
  if (data.x) fields.push_back(&*data.x);
  for (const Field& y : data.y) fields.push_back(&y);
  if (data.group) fields.push_back(&*data.group);
  if (data.value) fields.push_back(&*data.value);
  if (fields.empty()) return fail(Errc::invalid_args, "a chart needs columns: name x or y");
  for (const Field* field : fields) {
    if (field->size() != fields[0]->size()) {
      return fail(Errc::internal, "the columns of a chart differ in length");
    }
  }
  if (fields[0]->size() == 0) {
    return fail(Errc::invalid_args, "there is nothing to draw: the query returned no rows",
                {"look at the rows with sql_query first"});
  }
  return {};
}

Result<Plan> plan_for(const Spec& spec, const Data& data, const Canvas& canvas) {
  switch (spec.mark) {
    case Mark::bar:
      return plan_bars(spec, data, canvas);
    case Mark::line:
    case Mark::scatter:
      return plan_points(spec, data);
    case Mark::histogram:
      return plan_histogram(spec, data);
    case Mark::box:
      return plan_boxes(spec, data);
    case Mark::heat_map:
      return plan_heat_map(spec, data);
  }
  return fail(Errc::internal, "no such mark");
}

}  // namespace

std::string_view mark_name(Mark mark) {
  switch (mark) {
    case Mark::bar:
      return "bar";
    case Mark::line:
      return "line";
    case Mark::scatter:
      return "scatter";
    case Mark::histogram:
      return "histogram";
    case Mark::box:
      return "box";
    case Mark::heat_map:
      return "heat_map";
  }
  return "?";
}

Result<Picture> draw(const Spec& spec, const Data& data) {
  if (auto good = check(spec, data); !good) return std::unexpected(std::move(good.error()));
  auto canvas = Canvas::make(spec.format, spec.width, spec.height);
  if (!canvas) return std::unexpected(std::move(canvas.error()));
  auto plan = plan_for(spec, data, *canvas);
  if (!plan) return std::unexpected(std::move(plan.error()));
  // Titles are those of the axes that the reader sees.
  if (spec.x_title) plan->x.title = *spec.x_title;
  if (spec.y_title) plan->y.title = *spec.y_title;
  const Frame frame = lay_out(spec, *plan, *canvas);
  draw_background(*canvas, frame);
  // Dots and lines on the edge are not cut in half.
  canvas->begin_clip(
      {frame.plot.left - 6, frame.plot.top - 16, frame.plot.right + 40, frame.plot.bottom + 6});
  plan->paint(*canvas, frame);
  canvas->end_clip();
  draw_surroundings(*canvas, spec, *plan, frame);
  auto bytes = canvas->finish();
  if (!bytes) return std::unexpected(std::move(bytes.error()));
  const int pixels = spec.format == Format::png ? 2 : 1;
  return Picture{.bytes = std::move(*bytes),
                 .mime_type = spec.format == Format::png ? "image/png" : "image/svg+xml",
                 .width = spec.width * pixels,
                 .height = spec.height * pixels,
                 .drawn = plan->drawn,
                 .notes = std::move(plan->notes)};
}

}  // namespace hearth::packs::sql::chart
