// The tool that draws: chart.
#include <utility>

#include "base/confined_path.hpp"
#include "packs/sql/chart_wire.hpp"
#include "packs/sql/tools.hpp"
#include "store/atomic_file.hpp"

namespace hearth::packs::sql {
namespace {

constexpr std::size_t most_rows = 200'000;
constexpr std::size_t most_row_bytes = std::size_t{64} << 20;
constexpr std::size_t most_picture_bytes = std::size_t{5} << 20;  // in a frame, as base64

struct PreparedChart {
  Target target;
  std::optional<std::string> path;
};

Result<PreparedChart> prepare(const ToolRunner& runner,
                              const wire::ChartRequest& request,
                              const pack::Call& call) {
  auto target = runner.target_of(call, request.database, Access::read_only);
  if (!target) return std::unexpected(std::move(target.error()));
  PreparedChart chart{.target = std::move(*target), .path = {}};
  if (!request.path) return chart;
  if (auto may = runner.check_writable(call); !may) return std::unexpected(std::move(may.error()));
  auto path = runner.file_to_write(call, *request.path);
  if (!path) return std::unexpected(std::move(path.error()));
  if (auto may = check_is_new(*path, request.overwrite); !may)
    return std::unexpected(std::move(may.error()));
  chart.path = std::move(*path);
  return chart;
}

// All rows, since a chart of some of them would say something else.
Result<Page> rows_of(ToolRunner& runner,
                     const Target& target,
                     const std::string& sql,
                     const Work& work) {
  auto page = runner.runner().query(target, {.sql = sql},
                                    {.rows = most_rows, .bytes = most_row_bytes}, false, work);
  if (page && page->is_truncated) {
    return fail(
        Errc::invalid_args,
        "the query gives more rows than a chart can show (" + std::to_string(most_rows) + ")",
        {"group or sample in the query: GROUP BY …, or USING SAMPLE 10000"});
  }
  return page;
}

Result<pack::Reply> draw(ToolRunner& runner,
                         const PreparedChart& prepared,
                         const wire::ChartRequest& request,
                         const Work& work) {
  const auto page = rows_of(runner, prepared.target, request.sql, work);
  if (!page) return std::unexpected(page.error());
  const chart::Spec spec = wire::to_spec(request);
  const auto data = chart_data(spec.mark, wire::to_columns(request), page->columns, page->rows);
  if (!data) return std::unexpected(data.error());
  auto picture = chart::draw(spec, *data);
  if (!picture) return std::unexpected(std::move(picture.error()));
  if (prepared.path) {
    auto written = store::replace_file(store::system_env(), *prepared.path, picture->bytes, 0644);
    if (!written) return std::unexpected(std::move(written.error()));
  }
  if (picture->bytes.size() > most_picture_bytes && !prepared.path) {
    return fail(Errc::invalid_args, "the picture is larger than 5 MiB",
                {"give path: it is written there", "draw a PNG, or fewer points"});
  }
  const wire::ChartAnswer answer{.kind = request.kind,
                                 .format = spec.format == chart::Format::svg ? "svg" : "png",
                                 .rows_drawn = picture->drawn,
                                 .width = picture->width,
                                 .height = picture->height,
                                 .bytes = static_cast<std::int64_t>(picture->bytes.size()),
                                 .path = prepared.path,
                                 .notes = picture->notes};
  pack::Reply reply{.structured = json::encode(answer)};
  reply.content.push_back(pack::text_content(reply.structured));
  if (picture->bytes.size() <= most_picture_bytes) {
    pack::Content image;
    image.kind = pack::ContentKind::image;
    image.bytes = std::move(picture->bytes);
    image.mime_type = picture->mime_type;
    reply.content.push_back(std::move(image));
  }
  return reply;
}

}  // namespace

void declare_chart_tools(pack::Binder& tools, ToolRunner& runner) {
  pack::ToolSpec spec =
      writing("chart", "Draw a chart",
              "Draw what a query gives as bars, lines, points, histogram, boxes or heat "
              "map: an image (PNG, SVG), and a file if path is given. Times and numbers "
              "get their axes, several y or a group a legend.");
  spec.annotations = {.destructive = false, .idempotent = true};
  spec.resend = pack::ResendRule::run_again;
  mcp::Tool<wire::ChartRequest, wire::ChartAnswer>(std::move(spec))
      .deferred(tools, [&runner](const wire::ChartRequest& request, pack::Call call) {
        auto prepared = prepare(runner, request, call);
        if (!prepared) return call.answer(std::unexpected(std::move(prepared.error())));
        const TimeLimit limit(request.timeout);
        runner.on_pool(
            std::move(call), limit,
            [&runner, request, limit, chart = std::move(*prepared)](pack::Call running) {
              running.answer(draw(runner, chart, request, ToolRunner::work_of(running, limit)));
            });
      });
}

}  // namespace hearth::packs::sql
