#include "packs/sql/engine/duckdb_protocol.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "packs/sql/engine/bytes.hpp"

namespace hearth::packs::sql::duckdb {
namespace {

void write(ByteWriter& to, const std::vector<std::string>& texts) {
  to.number(static_cast<std::uint32_t>(texts.size()));
  for (const std::string& each : texts) to.text(each);
}

std::vector<std::string> read_texts(ByteReader& from) {
  std::vector<std::string> texts(from.count(4));
  for (std::string& each : texts) each = from.text();
  return texts;
}

void write(ByteWriter& to, const InstanceSpec& spec) {
  to.text(spec.path);
  to.number(spec.is_read_only);
  to.number(spec.keeps_keys);
  to.number(spec.must_exist);
  write(to, spec.readable);
  to.text(spec.start);
  to.text(spec.directory);
  to.text(spec.spills);
  to.number(spec.memory_limit);
  to.number(spec.threads);
}

InstanceSpec read_spec(ByteReader& from) {
  InstanceSpec spec;
  spec.path = from.text();
  spec.is_read_only = from.flag();
  spec.keeps_keys = from.flag();
  spec.must_exist = from.flag();
  spec.readable = read_texts(from);
  spec.start = from.text();
  spec.directory = from.text();
  spec.spills = from.text();
  spec.memory_limit = from.number<std::uint64_t>();
  spec.threads = from.number<std::uint32_t>();
  return spec;
}

void write(ByteWriter& to, const Statement& statement) {
  to.text(statement.sql);
  to.number(statement.is_trusted);
  to.number(static_cast<std::uint32_t>(statement.parameters.size()));
  for (const Parameter& each : statement.parameters) {
    to.text(each.name);
    to.number(each.value.kind);
    to.text(each.value.text);
  }
}

Statement read_statement(ByteReader& from) {
  Statement statement;
  statement.sql = from.text();
  statement.is_trusted = from.flag();
  statement.parameters.resize(from.count(9));
  for (Parameter& each : statement.parameters) {
    each.name = from.text();
    each.value.kind = from.one_of(CellKind::json);
    each.value.text = from.text();
  }
  return statement;
}

void write(ByteWriter& to, const Batch& batch) {
  to.number(static_cast<std::uint32_t>(batch.columns()));
  to.text(batch.text());
  to.number(static_cast<std::uint32_t>(batch.marks().size()));
  for (const Batch::Mark& mark : batch.marks()) {
    to.number(mark.kind);
    to.number(mark.end);
  }
}

// Each cell must end where it can: the marks are trusted from then on.
std::optional<Batch> read_batch(ByteReader& from) {
  const auto columns = from.number<std::uint32_t>();
  const std::string_view text = from.text();
  const std::size_t cells = from.count(5);
  Batch batch(columns);
  std::uint32_t begin = 0;
  for (std::size_t i = 0; i < cells; ++i) {
    const CellKind kind = from.one_of(CellKind::json);
    const auto end = from.number<std::uint32_t>();
    if (!from.is_good() || end < begin || end > text.size()) return std::nullopt;
    batch.add(kind, text.substr(begin, end - begin));
    begin = end;
  }
  if (begin != text.size() || (columns == 0 ? cells != 0 : cells % columns != 0)) {
    return std::nullopt;
  }
  return batch;
}

std::unexpected<Error> garbled(std::string_view what) {
  return fail(Errc::internal, "a garbled " + std::string(what) + " between hearthd and its engine");
}

}  // namespace

std::string encode(const Control& control) {
  ByteWriter to;
  to.number(control.kind);
  to.number(control.connection);
  to.number(control.request);
  write(to, control.home);
  to.number(control.is_read_only);
  to.number(static_cast<std::uint32_t>(control.neighbours.size()));
  for (const Neighbour& each : control.neighbours) {
    to.text(each.alias);
    write(to, each.instance);
  }
  to.text(control.files);
  return to.take();
}

Result<Control> decode_control(std::string_view bytes) {
  ByteReader from(bytes);
  Control control;
  control.kind = from.one_of(ControlKind::ping);
  control.connection = from.number<std::uint64_t>();
  control.request = from.number<std::uint64_t>();
  control.home = read_spec(from);
  control.is_read_only = from.flag();
  control.neighbours.resize(from.count(4));
  for (Neighbour& each : control.neighbours) {
    each.alias = from.text();
    each.instance = read_spec(from);
  }
  control.files = from.text();
  if (!from.is_done()) return garbled("control message");
  return control;
}

std::string encode(const Report& report) {
  ByteWriter to;
  to.text(report.version);
  to.text(report.problem);
  write(to, report.notes);
  return to.take();
}

Result<Report> decode_report(std::string_view bytes) {
  ByteReader from(bytes);
  Report report;
  report.version = from.text();
  report.problem = from.text();
  report.notes = read_texts(from);
  if (!from.is_done()) return garbled("report");
  return report;
}

std::string encode(const Request& request) {
  ByteWriter to;
  to.number(request.kind);
  to.number(static_cast<std::uint32_t>(request.statements.size()));
  for (const Statement& each : request.statements) write(to, each);
  to.number(request.most_rows);
  to.number(request.most_bytes);
  to.number(request.analyze);
  to.number(request.is_trusted);
  to.number(request.key.has_value());
  if (request.key) {
    to.text(request.key->id);
    to.text(request.key->fingerprint);
  }
  return to.take();
}

Result<Request> decode_request(std::string_view bytes) {
  ByteReader from(bytes);
  Request request;
  request.kind = from.one_of(RequestKind::explain);
  request.statements.resize(from.count(9));
  for (Statement& each : request.statements) each = read_statement(from);
  request.most_rows = from.number<std::uint64_t>();
  request.most_bytes = from.number<std::uint64_t>();
  request.analyze = from.flag();
  request.is_trusted = from.flag();
  if (from.flag()) {
    request.key.emplace();
    request.key->id = from.text();
    request.key->fingerprint = from.text();
  }
  const bool needs_one = request.kind == RequestKind::query || request.kind == RequestKind::explain;
  if (!from.is_done() || (needs_one && request.statements.size() != 1)) return garbled("request");
  return request;
}

std::string encode(const Response& response) {
  ByteWriter to;
  to.number(response.kind);
  switch (response.kind) {
    case ResponseKind::rows:
      to.number(static_cast<std::uint32_t>(response.columns.size()));
      for (const Column& each : response.columns) {
        to.text(each.name);
        to.text(each.type);
      }
      write(to, response.batch);
      to.number(response.is_at_end);
      break;
    case ResponseKind::executed:
      to.number(static_cast<std::uint32_t>(response.executed.rows_affected.size()));
      for (const std::int64_t each : response.executed.rows_affected) to.number(each);
      to.number(response.executed.replayed);
      break;
    case ResponseKind::failure:
      to.number(response.error.code);
      to.text(response.error.message);
      write(to, response.error.suggestions);
      break;
    case ResponseKind::progress:
      to.number(response.done);
      break;
    case ResponseKind::done:
      break;
  }
  std::string frame = to.take();
  if (frame.size() <= most_frame_bytes) return frame;
  return encode(Response{
      .kind = ResponseKind::failure,
      .error = {Errc::invalid_args,
                "the rows have " + std::to_string(frame.size() >> 20) +
                    " MB, more than the engine hands over at once (256 MB); nothing was changed",
                {"read parts of large values: substr(…)", "name fewer columns"}}});
}

Result<Response> decode_response(std::string_view bytes) {
  ByteReader from(bytes);
  Response response;
  response.kind = from.one_of(ResponseKind::progress);
  switch (response.kind) {
    case ResponseKind::rows: {
      response.columns.resize(from.count(8));
      for (Column& each : response.columns) {
        each.name = from.text();
        each.type = from.text();
      }
      auto batch = read_batch(from);
      if (!batch) return garbled("answer");
      response.batch = std::move(*batch);
      response.is_at_end = from.flag();
      break;
    }
    case ResponseKind::executed:
      response.executed.rows_affected.resize(from.count(8));
      for (std::int64_t& each : response.executed.rows_affected) each = from.number<std::int64_t>();
      response.executed.replayed = from.flag();
      break;
    case ResponseKind::failure:
      response.error.code = from.one_of(Errc::internal);
      response.error.message = from.text();
      response.error.suggestions = read_texts(from);
      break;
    case ResponseKind::progress:
      response.done = from.number<double>();
      break;
    case ResponseKind::done:
      break;
  }
  if (!from.is_done()) return garbled("answer");
  return response;
}

namespace {

std::unexpected<Error> gone() {
  return fail(Errc::unavailable, "the other end of the engine's socket is gone");
}

// All of `size` bytes, or fewer at the end of the stream.
bool receive_all(int socket, char* to, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::recv(socket, to, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool is_readable_by(int socket, MonotonicTime deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd one{socket, POLLIN, 0};
    const int timeout = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1 << 30));
    const int ready = ::poll(&one, 1, timeout);
    if (ready > 0) return true;
    if (ready == 0 && timeout < 1 << 30) return false;
  }
}

}  // namespace

Result<void> send_frame(int socket, std::string_view body) {
  std::string frame(4, '\0');
  const auto size = static_cast<std::uint32_t>(body.size());
  std::memcpy(frame.data(), &size, sizeof size);
  frame += body;
  std::string_view rest = frame;
  while (!rest.empty()) {
    const ssize_t sent = ::send(socket, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return gone();
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<std::optional<std::string>> receive_frame(int socket,
                                                 std::optional<MonotonicTime> deadline) {
  if (deadline && !is_readable_by(socket, *deadline)) return std::nullopt;
  std::uint32_t size = 0;
  char raw[sizeof size];
  if (!receive_all(socket, raw, sizeof raw)) return gone();
  std::memcpy(&size, raw, sizeof size);
  if (size > most_frame_bytes) return garbled("frame");
  std::string body(size, '\0');
  if (!receive_all(socket, body.data(), body.size())) return gone();
  return body;
}

}  // namespace hearth::packs::sql::duckdb
