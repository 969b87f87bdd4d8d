#include "packs/mandates/inside/order.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace hearth::packs::mandates::inside {
namespace {

constexpr std::array<std::string_view, 5> end_names{"exited", "signalled", "memory", "processes",
                                                    "not_begun"};

template <typename Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

// One "--name=value".
bool take(Order& order, std::string_view name, std::string_view value) {
  if (name == "--control") return read_number(value, order.control);
  if (name == "--input") return read_number(value, order.input);
  if (name == "--memory") return read_number(value, order.memory_bytes);
  if (name == "--file-size") return read_number(value, order.file_bytes);
  if (name == "--processes") return read_number(value, order.processes);
  if (name == "--open-files") return read_number(value, order.open_files);
  if (name == "--relay-port") return read_number(value, order.relay_port);
  if (name == "--relay-socket")
    order.relay_socket = value;
  else if (name == "--readable")
    order.readable.emplace_back(value);
  else if (name == "--device")
    order.devices.emplace_back(value);
  else if (name == "--writable")
    order.writable.emplace_back(value);
  else if (name == "--mounted")
    order.mounted.emplace_back(value);
  else if (name == "--directory")
    order.directory = value;
  else
    return false;
  return true;
}

std::string_view next_word(std::string_view& text) {
  const auto end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

}  // namespace

std::vector<std::string> Order::to_arguments() const {
  std::vector<std::string> all{"--control=" + std::to_string(control),
                               "--input=" + std::to_string(input),
                               "--memory=" + std::to_string(memory_bytes),
                               "--file-size=" + std::to_string(file_bytes),
                               "--processes=" + std::to_string(processes),
                               "--open-files=" + std::to_string(open_files),
                               "--relay-port=" + std::to_string(relay_port),
                               "--relay-socket=" + relay_socket,
                               "--directory=" + directory};
  for (const std::string& path : readable) all.push_back("--readable=" + path);
  for (const std::string& path : devices) all.push_back("--device=" + path);
  for (const std::string& path : writable) all.push_back("--writable=" + path);
  for (const std::string& each : mounted) all.push_back("--mounted=" + each);
  all.emplace_back("--");
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

Result<Order> Order::parse(std::span<char* const> arguments) {
  Order order;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--") {
      for (char* const word : arguments.subspan(i + 1)) order.words.emplace_back(word);
      break;
    }
    const auto equals = argument.find('=');
    if (equals == std::string_view::npos ||
        !take(order, argument.substr(0, equals), argument.substr(equals + 1)))
      return fail(Errc::invalid_args, "unknown argument " + std::string(argument));
  }
  if (order.control < 0 || order.words.empty())
    return fail(Errc::invalid_args, "this program is started by hearthd, inside a sandbox");
  return order;
}

std::string mounted_as(const struct stat& status, const std::string& path) {
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) + " " + path;
}

std::string Report::to_text() const {
  return std::string(end_names[static_cast<std::size_t>(end)]) + " " + std::to_string(number) +
         " " + std::to_string(peak_bytes) + " " + std::to_string(peak_processes) + " " + step;
}

std::optional<Report> Report::parse(std::string_view text) {
  Report report;
  const std::string_view name = next_word(text);
  std::size_t kind = 0;
  while (kind < end_names.size() && end_names[kind] != name) ++kind;
  if (kind == end_names.size()) return std::nullopt;
  report.end = static_cast<End>(kind);
  if (!read_number(next_word(text), report.number) ||
      !read_number(next_word(text), report.peak_bytes) ||
      !read_number(next_word(text), report.peak_processes))
    return std::nullopt;
  report.step = text;
  return report;
}

}  // namespace hearth::packs::mandates::inside
