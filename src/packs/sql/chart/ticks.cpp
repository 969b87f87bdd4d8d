#include "packs/sql/chart/ticks.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

namespace hearth::packs::sql::chart {
namespace {

// The paper's preference-ordered list of steps, and its weights.
constexpr std::array<double, 6> nice_steps{1, 5, 2, 2.5, 4, 3};
constexpr double simplicity_weight = 0.25;
constexpr double coverage_weight = 0.2;
constexpr double density_weight = 0.5;
constexpr double legibility_weight = 0.05;

double score_of(double simplicity, double coverage, double density) {
  return simplicity_weight * simplicity + coverage_weight * coverage + density_weight * density +
         legibility_weight;
}

// Of the data's range and a candidate labelling; names as in the paper.
class Search final {
 public:
  Search(double low, double high, double wanted, bool is_loose)
      : low_(low), high_(high), wanted_(wanted), is_loose_(is_loose) {}

  std::vector<double> run() {
    for (int skip = 1; skip < 100; ++skip) {
      for (std::size_t nth = 0; nth < nice_steps.size(); ++nth) {
        if (score_of(best_simplicity(nth, skip), 1, 1) < best_) return labels();
        try_counts(nth, skip);
      }
    }
    return labels();
  }

 private:
  static double best_simplicity(std::size_t nth, int skip) {
    return 1 - static_cast<double>(nth) / (nice_steps.size() - 1) - skip + 1;
  }
  static double simplicity(std::size_t nth, int skip, double first, double last, double step) {
    const double remainder = std::abs(std::remainder(first, step));
    const bool has_zero = remainder < step * 1e-10 && first <= 0 && last >= 0;
    return best_simplicity(nth, skip) - (has_zero ? 0 : 1);
  }
  double coverage(double first, double last) const {
    const double tenth = 0.1 * (high_ - low_);
    const double above = (high_ - last) / tenth;
    const double below = (low_ - first) / tenth;
    return 1 - 0.5 * (above * above + below * below);
  }
  double best_coverage(double span) const {
    const double range = high_ - low_;
    if (span <= range) return 1;
    const double half = (span - range) / (0.2 * range);
    return 1 - half * half;
  }
  double density(int count, double first, double last) const {
    const double density = (count - 1) / (last - first);
    const double asked = (wanted_ - 1) / (std::max(last, high_) - std::min(first, low_));
    return 2 - std::max(density / asked, asked / density);
  }
  double best_density(int count) const {
    return count >= wanted_ ? 2 - (count - 1) / (wanted_ - 1) : 1;
  }

  void try_counts(std::size_t nth, int skip) {
    const double best_s = best_simplicity(nth, skip);
    for (int count = 2; count < 200; ++count) {
      const double best_d = best_density(count);
      if (score_of(best_s, 1, best_d) < best_) return;
      const double gap = (high_ - low_) / (count + 1) / skip / nice_steps[nth];
      for (auto power = static_cast<int>(std::ceil(std::log10(gap)));; ++power) {
        const double step = skip * nice_steps[nth] * std::pow(10.0, power);
        if (score_of(best_s, best_coverage(step * (count - 1)), best_d) < best_) break;
        try_starts(nth, skip, count, step);
      }
    }
  }

  void try_starts(std::size_t nth, int skip, int count, double step) {
    const double from = std::floor(high_ / step) * skip - (count - 1.0) * skip;
    const double to = std::ceil(low_ / step) * skip;
    // Beyond 2^53 neighbouring starts are the same number.
    if (!(to - from < 1000) || std::abs(from) > 9e15) return;
    for (double start = from; start <= to; ++start) {
      const double first = start * (step / skip);
      const double last = first + step * (count - 1);
      if (is_loose_ && (first > low_ || last < high_)) continue;
      const double score = score_of(simplicity(nth, skip, first, last, step), coverage(first, last),
                                    density(count, first, last));
      if (score <= best_) continue;
      best_ = score;
      first_ = first;
      step_ = step;
      count_ = count;
    }
  }

  std::vector<double> labels() const {
    std::vector<double> all;
    for (int i = 0; i < count_; ++i) {
      const double at = first_ + step_ * i;
      all.push_back(std::abs(at) < step_ * 1e-9 ? 0 : at);
    }
    return all;
  }

  const double low_;
  const double high_;
  const double wanted_;
  const bool is_loose_;
  double best_ = -2;
  double first_ = 0;
  double step_ = 0;
  int count_ = 0;
};

std::string printed(const char* format, int precision, double value) {
  std::array<char, 64> text;
  const int size = std::snprintf(text.data(), text.size(), format, precision, value);
  return {text.data(), static_cast<std::size_t>(std::clamp(size, 0, 63))};
}

// "1234567.5" → "1,234,567.5"; four digits stay together, since they are often years.
std::string grouped(std::string digits) {
  const std::size_t begin = digits.starts_with('-') ? 1 : 0;
  const std::size_t end = std::min(digits.find('.'), digits.size());
  if (end - begin <= 4) return digits;
  for (std::size_t at = end; at > begin + 3;) digits.insert(at -= 3, ",");
  return digits;
}

int decimals_of(double step) {
  for (int decimals = 0; decimals < 12; ++decimals) {
    const double scaled = step * std::pow(10.0, decimals);
    if (std::abs(scaled - std::round(scaled)) < 1e-6 * scaled) return decimals;
  }
  return 12;
}

struct Unit {
  double size;
  const char* name;
};
constexpr std::array<Unit, 3> units{{{1e12, "T"}, {1e9, "B"}, {1e6, "M"}}};

std::string without_zeros(std::string number) {
  if (!number.contains('.') || number.contains('e')) return number;
  number.erase(number.find_last_not_of('0') + 1);
  if (number.ends_with('.')) number.pop_back();
  return number;
}

}  // namespace

std::vector<double> round_numbers(double low, double high, double wanted, bool is_loose) {
  return Search(low, high, std::max(wanted, 2.0), is_loose).run();
}

std::string axis_number(double value, double step, double largest) {
  if (value == 0) return "0";
  if (largest >= 1e15 || step < 1e-6) {
    const auto magnitude = std::floor(std::log10(std::abs(value)));
    const int digits = static_cast<int>(magnitude - std::floor(std::log10(step) + 1e-9)) + 1;
    std::string text = printed("%.*e", std::clamp(digits, 0, 15), value);
    const std::size_t at = text.find('e');
    return without_zeros(text.substr(0, at)) + "e" + std::to_string(std::stoi(text.substr(at + 1)));
  }
  for (const Unit& unit : units) {
    if (largest < unit.size) continue;
    return grouped(printed("%.*f", decimals_of(step / unit.size), value / unit.size)) + unit.name;
  }
  return grouped(printed("%.*f", decimals_of(step), value));
}

std::string short_number(double value, int digits) {
  const double size = std::abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-4)) return printed("%.*g", digits, value);
  for (const Unit& unit : units) {
    if (size >= unit.size)
      return without_zeros(printed("%.*g", digits, value / unit.size)) + unit.name;
  }
  const int whole = size < 1 ? 0 : static_cast<int>(std::floor(std::log10(size))) + 1;
  return grouped(without_zeros(printed("%.*f", std::max(digits - std::max(whole, 1), 0), value)));
}

std::vector<Tick> linear_ticks(double low, double high, double wanted, bool is_loose) {
  std::vector<Tick> ticks;
  const std::vector<double> numbers = round_numbers(low, high, wanted, is_loose);
  if (numbers.size() < 2) return ticks;
  const double step = numbers[1] - numbers[0];
  const double largest = std::max(std::abs(numbers.front()), std::abs(numbers.back()));
  for (const double at : numbers) ticks.push_back({at, axis_number(at, step, largest)});
  return ticks;
}

std::vector<Tick> log_ticks(double low, double high, double wanted) {
  const auto first = static_cast<int>(std::floor(std::log10(low) + 1e-9));
  const auto last = static_cast<int>(std::ceil(std::log10(high) - 1e-9));
  const int decades = std::max(last - first, 1);
  const int every = std::max(1, static_cast<int>(std::ceil(decades / wanted)));
  const bool is_sparse = decades * 3 <= wanted + 1;
  std::vector<Tick> ticks;
  for (int power = first; power <= first + decades; ++power) {
    const double base = std::pow(10.0, power);
    // Small powers as decimals, large ones with their unit.
    const bool is_plain = first >= -4 && first + decades <= 15;
    const auto label = [&](double at) {
      return is_plain ? short_number(at, 3) : axis_number(at, at, 1e15);
    };
    const bool is_labelled = (power - first) % every == 0;
    ticks.push_back({base, is_labelled ? label(base) : std::string(), !is_labelled});
    if (power == first + decades || every > 1) continue;
    for (int digit = 2; digit < 10; ++digit) {
      const bool has_label = is_sparse && (digit == 2 || digit == 5);
      ticks.push_back({base * digit, has_label ? label(base * digit) : std::string(), !has_label});
    }
  }
  return ticks;
}

}  // namespace hearth::packs::sql::chart
