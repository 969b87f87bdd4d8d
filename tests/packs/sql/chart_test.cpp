// Pictures are judged by eye; here it is held that there is one for whatever comes, what is said
// about it, and what is refused. HEARTH_CHARTS=DIR keeps them for looking at.
#include "packs/sql/chart/chart.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>

#include "packs/sql/chart/series.hpp"

namespace hearth::packs::sql::chart {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double day = 86'400;
constexpr double of_2024 = 1'704'067'200;

Field numbers(std::string name, std::vector<double> values) {
  return {std::move(name), FieldKind::number, std::move(values), {}};
}
Field times(std::string name, std::vector<double> values) {
  return {std::move(name), FieldKind::time, std::move(values), {}};
}
Field words(std::string name, std::vector<std::string> values) {
  return {std::move(name), FieldKind::category, {}, std::move(values)};
}

// Deterministic and bell-shaped.
std::vector<double> bell(std::size_t count, double mean, double spread, unsigned seed = 1) {
  std::vector<double> all;
  std::uint64_t state = seed * 0x9E3779B97F4A7C15U + 1;
  for (std::size_t i = 0; i < count; ++i) {
    double sum = 0;
    for (int j = 0; j < 12; ++j) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      sum += static_cast<double>(state >> 11) / 9007199254740992.0;
    }
    all.push_back(mean + spread * (sum - 6));
  }
  return all;
}

Picture must_draw(const std::string& name, const Spec& spec, const Data& data) {
  const auto picture = draw(spec, data);
  if (!picture) {
    ADD_FAILURE() << name << ": " << picture.error().message;
    return {};
  }
  if (spec.format == Format::png) {
    EXPECT_THAT(picture->bytes, StartsWith("\x89PNG\r\n"));
  } else {
    EXPECT_THAT(picture->bytes, HasSubstr("<svg"));
    EXPECT_THAT(picture->bytes, HasSubstr("</svg>"));
  }
  if (const char* to = std::getenv("HEARTH_CHARTS")) {
    std::ofstream(std::string(to) + "/" + name + (spec.format == Format::png ? ".png" : ".svg"))
        << picture->bytes;
  }
  return *picture;
}

std::string refused(const Spec& spec, const Data& data) {
  const auto picture = draw(spec, data);
  if (picture) return "drawn";
  EXPECT_EQ(picture.error().code, Errc::invalid_args);
  return picture.error().message;
}

const Data sales{.x = words("region", {"North", "South", "East", "West"}),
                 .y = {numbers("revenue", {1'250'000, 980'000, 1'640'000, 410'000})},
                 .group = {},
                 .value = {}};

TEST(Chart, DrawsBars) {
  const Picture picture =
      must_draw("bars", {.mark = Mark::bar, .title = "Revenue by region"}, sales);
  EXPECT_EQ(picture.mime_type, "image/png");
  EXPECT_EQ(picture.width, 1'800);
  EXPECT_EQ(picture.drawn, 4);
  EXPECT_THAT(picture.notes, IsEmpty());
}

TEST(Chart, DrawsBarsOfSeveralSeries) {
  Data data{.x = {}, .y = {numbers("orders", {})}, .group = words("channel", {}), .value = {}};
  data.x = words("quarter", {});
  for (const char* quarter : {"2023 Q1", "2023 Q2", "2023 Q3", "2023 Q4"}) {
    for (const char* channel : {"shop", "web", "partner"}) {
      data.x->texts.emplace_back(quarter);
      data.group->texts.emplace_back(channel);
      data.y[0].numbers.push_back(100 +
                                  37.0 * static_cast<double>(data.y[0].numbers.size() * 7 % 11));
    }
  }
  must_draw("bars-grouped", {.mark = Mark::bar, .title = "Orders by channel"}, data);
  must_draw("bars-stacked", {.mark = Mark::bar, .title = "Orders by channel", .is_stacked = true},
            data);
  data.y[0].numbers[3] = -260;
  must_draw("bars-negative", {.mark = Mark::bar}, data);
}

TEST(Chart, LaysBarsDownWhenTheirNamesAreLong) {
  Data data{.x = words("product", {}), .y = {numbers("units sold", {})}, .group = {}, .value = {}};
  for (int i = 0; i < 14; ++i) {
    data.x->texts.push_back("Stainless steel water bottle, model " + std::to_string(1'000 + i));
    data.y[0].numbers.push_back(5'000 - 330 * i);
  }
  must_draw("bars-long",
            {.mark = Mark::bar, .title = "Best sellers", .subtitle = "2023, all shops"}, data);
  must_draw("bars-tilted", {.mark = Mark::bar, .title = "Best sellers", .is_horizontal = false},
            data);
}

TEST(Chart, DrawsBarsOverTime) {
  Data data{.x = times("month", {}), .y = {numbers("signups", {})}, .group = {}, .value = {}};
  constexpr double lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  double at = of_2024;
  for (int i = 0; i < 12; at += lengths[i++] * day) {
    if (i == 5) continue;
    data.x->numbers.push_back(at);
    data.y[0].numbers.push_back(120 + 40 * std::sin(i));
  }
  must_draw("bars-time", {.mark = Mark::bar, .title = "Sign-ups"}, data);
}

TEST(Chart, CountsRowsWithoutY) {
  const Data data{.x = words("kind", {"a", "b", "a", "a"}), .y = {}, .group = {}, .value = {}};
  const Picture picture = must_draw("bars-count", {.mark = Mark::bar}, data);
  EXPECT_THAT(picture.notes, IsEmpty());
}

TEST(Chart, SaysWhatItAddedUp) {
  const Data data{.x = words("kind", {"a", "b", "a"}),
                  .y = {numbers("n", {1, 2, 3})},
                  .group = {},
                  .value = {}};
  EXPECT_THAT(must_draw("bars-sum", {.mark = Mark::bar}, data).notes,
              ElementsAre("1 row added to another of the same bar: a bar is the sum of its rows"));
}

TEST(Chart, DrawsLinesOverTime) {
  Data data{.x = times("day", {}),
            .y = {numbers("p50", {}), numbers("p95", {}), numbers("p99", {})},
            .group = {},
            .value = {}};
  for (int i = 0; i < 200; ++i) {
    data.x->numbers.push_back(of_2024 + i * day);
    for (int k = 0; k < 3; ++k) {
      const bool is_gap = i > 90 && i < 110 && k == 1;
      data.y[static_cast<std::size_t>(k)].numbers.push_back(
          is_gap ? nan : (20 + 15 * k) * (1 + 0.2 * std::sin(i / 9.0 + k)) + i * 0.05);
    }
  }
  const Picture picture =
      must_draw("lines", {.mark = Mark::line, .title = "Latency", .y_title = "milliseconds"}, data);
  EXPECT_EQ(picture.drawn, 200 + 200 + 181);
  EXPECT_THAT(picture.notes, ElementsAre(HasSubstr("19 rows left out: \"p95\"")));
}

TEST(Chart, DrawsManyLines) {
  Data data{.x = numbers("epoch", {}),
            .y = {numbers("loss", {})},
            .group = words("run", {}),
            .value = {}};
  for (int run = 0; run < 12; ++run) {
    for (int i = 1; i <= 30; ++i) {
      data.x->numbers.push_back(i);
      data.y[0].numbers.push_back(2.0 / (1 + 0.1 * i * (1 + run * 0.2)) + 0.05 * run);
      data.group->texts.push_back("run " + std::to_string(run + 1));
    }
  }
  must_draw("lines-many", {.mark = Mark::line, .title = "Training loss"}, data);
}

TEST(Chart, DrawsScatteredPointsOnLogAxes) {
  Data data{.x = numbers("GDP per capita (USD)", {}),
            .y = {numbers("life expectancy", {})},
            .group = words("continent", {}),
            .value = {}};
  const auto noise = bell(240, 0, 1);
  for (std::size_t i = 0; i < 240; ++i) {
    const double wealth = 2.5 + static_cast<double>(i % 60) / 24.0;
    data.x->numbers.push_back(std::pow(10, wealth + 0.1 * noise[i]));
    data.y[0].numbers.push_back(20 + 13 * wealth + 2 * noise[(i * 7) % 240]);
    const char* const continents[] = {"Africa", "Americas", "Asia", "Europe"};
    data.group->texts.emplace_back(continents[i / 60]);
  }
  data.x->numbers[0] = 0;
  const Picture picture =
      must_draw("scatter-log",
                {.mark = Mark::scatter, .title = "Wealth and health", .x_scale = Scale::log}, data);
  EXPECT_EQ(picture.drawn, 239);
  EXPECT_THAT(picture.notes, ElementsAre(HasSubstr("is not above 0")));
  const Data many{.x = numbers("x", bell(30'000, 0, 1)),
                  .y = {numbers("y", bell(30'000, 0, 1, 2))},
                  .group = {},
                  .value = {}};
  must_draw("scatter-many", {.mark = Mark::scatter}, many);
}

TEST(Chart, DrawsHistograms) {
  Data data{.x = numbers("order value", bell(5'000, 52, 12)), .y = {}, .group = {}, .value = {}};
  must_draw("histogram", {.mark = Mark::histogram, .title = "Order values"}, data);
  data.group = words("customer", std::vector<std::string>(5'000, "new"));
  for (std::size_t i = 0; i < 5'000; i += 2) {
    data.group->texts[i] = "returning";
    data.x->numbers[i] += 25;
  }
  must_draw("histogram-groups", {.mark = Mark::histogram, .title = "Order values"}, data);
  Data ratings{.x = numbers("rating", {}), .y = {}, .group = {}, .value = {}};
  for (int i = 0; i < 300; ++i) ratings.x->numbers.push_back(1 + i * i % 5);
  must_draw("histogram-whole", {.mark = Mark::histogram}, ratings);
}

TEST(Chart, DrawsBoxes) {
  Data data{.x = words("team", {}), .y = {numbers("hours", {})}, .group = {}, .value = {}};
  for (unsigned team = 0; team < 5; ++team) {
    for (const double value : bell(200, 20 + 3.0 * team, 3 + team, team + 1)) {
      data.x->texts.push_back("Team " + std::string(1, static_cast<char>('A' + team)));
      data.y[0].numbers.push_back(value);
    }
  }
  must_draw("boxes", {.mark = Mark::box, .title = "Time to resolve"}, data);
}

TEST(Chart, DrawsHeatMaps) {
  Data data{.x = words("hour", {}),
            .y = {words("weekday", {})},
            .group = {},
            .value = numbers("requests", {})};
  const char* const week[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                              "Friday", "Saturday", "Sunday"};
  for (int d = 0; d < 7; ++d) {
    for (int h = 0; h < 24; ++h) {
      data.x->texts.push_back(std::to_string(h));
      data.y[0].texts.emplace_back(week[d]);
      data.value->numbers.push_back((d < 5 ? 900 : 300) * std::exp(-std::pow((h - 13) / 5.0, 2)) +
                                    20);
    }
  }
  must_draw("heat-map", {.mark = Mark::heat_map, .title = "Requests by hour"}, data);
  const Data dense{.x = numbers("x", bell(5'000, 0, 1)),
                   .y = {numbers("y", bell(5'000, 5, 2, 9))},
                   .group = {},
                   .value = {}};
  EXPECT_THAT(must_draw("heat-map-bands", {.mark = Mark::heat_map}, dense).notes,
              testing::SizeIs(2));
}

TEST(Chart, WritesSvg) {
  must_draw("bars", {.mark = Mark::bar, .format = Format::svg, .title = "Revenue by region"},
            sales);
}

TEST(Chart, DrawsWhateverIsThere) {
  for (const Mark mark : {Mark::bar, Mark::line, Mark::scatter, Mark::box}) {
    for (const double value : {0.0, 5.0, -3.0, 1e-300, 1e299, -1e299, 1e15 + 1}) {
      const Data one{
          .x = words("x", {"only"}), .y = {numbers("y", {value})}, .group = {}, .value = {}};
      const std::string name =
          "one-" + std::string(mark_name(mark)) + "-" + std::to_string(value < 0 ? -1 : value > 0);
      EXPECT_EQ(must_draw(name, {.mark = mark, .height = 300}, one).drawn, 1);
    }
    const Data pair{
        .x = numbers("x", {1, 2}), .y = {numbers("y", {-1e299, 1e299})}, .group = {}, .value = {}};
    must_draw("pair", {.mark = mark}, pair);
  }
  for (const double value : {0.0, 7.0, -1e200}) {
    const Data one{.x = numbers("x", {value, value}), .y = {}, .group = {}, .value = {}};
    EXPECT_EQ(must_draw("one-histogram", {.mark = Mark::histogram}, one).drawn, 2);
  }
}

TEST(Chart, TakesAnyBytesAsWords) {
  const Data odd{.x = words("\xFF\xC0name\n", {"\xED\xA0\x80", "", "naïve — 東京", "tab\there",
                                               std::string(100'000, 'w')}),
                 .y = {numbers("", {1, 2, 3, 4, 5})},
                 .group = {},
                 .value = {}};
  must_draw("odd", {.mark = Mark::bar, .title = std::string("zero\0byte", 9)}, odd);
  must_draw(
      "small",
      {.mark = Mark::bar, .title = "Much too long a title for this", .width = 200, .height = 200},
      odd);
}

TEST(Chart, SaysWhatItCannotDraw) {
  const Data empty{.x = words("x", {}), .y = {numbers("y", {})}, .group = {}, .value = {}};
  EXPECT_THAT(refused({.mark = Mark::bar}, empty), HasSubstr("no rows"));
  const Data nulls{
      .x = numbers("x", {1, 2}), .y = {numbers("y", {nan, nan})}, .group = {}, .value = {}};
  EXPECT_THAT(refused({.mark = Mark::line}, nulls), HasSubstr("nothing to draw"));
  const Data texts{
      .x = numbers("x", {1, 2}), .y = {words("y", {"a", "b"})}, .group = {}, .value = {}};
  EXPECT_THAT(refused({.mark = Mark::scatter}, texts), HasSubstr("\"y\" holds text"));
  const Data negative{
      .x = numbers("x", {1, 2}), .y = {numbers("y", {-1, 0})}, .group = {}, .value = {}};
  EXPECT_THAT(refused({.mark = Mark::line, .y_scale = Scale::log}, negative),
              HasSubstr("nothing to draw"));
  EXPECT_THAT(refused({.mark = Mark::bar, .width = 9'000}, sales), HasSubstr("width"));
  EXPECT_THAT(
      refused({.mark = Mark::line}, {.x = numbers("x", {1}), .y = {}, .group = {}, .value = {}}),
      HasSubstr("needs x and y"));
  Data groups = sales;
  groups.group = words("g", {});
  groups.x = words("x", {});
  groups.y[0].numbers.clear();
  for (int i = 0; i < 30; ++i) {
    groups.x->texts.push_back(std::to_string(i));
    groups.group->texts.push_back(std::to_string(i));
    groups.y[0].numbers.push_back(i);
  }
  EXPECT_THAT(refused({.mark = Mark::bar}, groups), HasSubstr("30 different values"));
}

TEST(Series, KeepMomentsApart) {
  const Field moments = times("at", {of_2024 + 0.25, of_2024 + 1.5});
  AxisPlan axis = axis_for(&moments, {.at = moments.numbers, .labels = {}}, Scale::linear);
  embrace(axis, moments.numbers[0], moments.numbers[1]);
  EXPECT_EQ(axis.low, of_2024);
  EXPECT_EQ(axis.high, of_2024 + 2);
}

}  // namespace
}  // namespace hearth::packs::sql::chart
