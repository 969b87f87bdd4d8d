// What the daemon and its DuckDB process (`hearthd --engine duckdb`) say to each other.
//
// Two kinds of sockets, both made by the daemon. The control socket (SOCK_SEQPACKET, the child's
// standard input) carries one Control a packet; an `open` brings the socket of a new connection
// along. Each connection has a stream socket and a thread of its own in the child: requests go
// down, and each is answered by exactly one of rows, executed, done or failure, with any number of
// progress before it. A frame is its length (4 bytes), its kind (1 byte) and its body. Both ends
// are the same build on the same machine: bytes.hpp.
//
// Pure: bytes to values and back, for both ends and for fuzzing. Reading fails with `internal`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "packs/sql/engine/engine.hpp"

namespace hearth::packs::sql::duckdb {

// A database file and what the threads that work on it may touch.
struct InstanceSpec {
  std::string path;                   // of the database; its identity
  bool is_read_only = false;          //
  bool keeps_keys = false;            // it is hearth's own: keys may be kept in it
  bool must_exist = false;            // else it is made where it is missing
  std::vector<std::string> readable;  // directories whose files its queries may read
  std::string start = {};             // where relative paths begin
  std::string directory;    // where its file and log are, which it may write unless read-only
  std::string spills = {};  // where what does not fit into memory goes; may be the same
  std::uint64_t memory_limit = 0;  // bytes; 0: DuckDB's own choice
  std::uint32_t threads = 0;       // 0: as many as there are cores
};

struct Neighbour {
  std::string alias;
  InstanceSpec instance;
};

enum class ControlKind : std::uint8_t { open, interrupt, ask_progress, drop, ping };

struct Control {
  ControlKind kind = ControlKind::ping;
  std::uint64_t connection = 0;            // open, interrupt, ask_progress
  std::uint64_t request = 0;               // interrupt: which of the connection, from 1 on
  InstanceSpec home = {};                  // open; drop: its path
  bool is_read_only = false;               // open: nothing may be written through it
  std::vector<Neighbour> neighbours = {};  // open: what its queries see under an alias
  std::string files = {};                  // open: the path of the neighbour that reads files
};

// What the child says on the control socket: once at its start, and after each ping.
struct Report {
  std::string version;             // of the library; empty: it could not be loaded
  std::string problem;             // why
  std::vector<std::string> notes;  // what is weaker than it should be
};

enum class RequestKind : std::uint8_t { query, fetch, close_rows, execute, explain };

struct Request {
  RequestKind kind = RequestKind::query;
  std::vector<Statement> statements = {};  // query, explain: one
  std::uint64_t most_rows = 0;             // query, fetch
  std::uint64_t most_bytes = 0;            // query, fetch
  bool analyze = false;                    // explain
  bool is_trusted = false;                 // ours: not held to what a user may run
  std::optional<Key> key = {};             // execute
};

enum class ResponseKind : std::uint8_t { rows, executed, done, failure, progress };

struct Response {
  ResponseKind kind = ResponseKind::done;
  std::vector<Column> columns = {};  // rows; after a query only
  Batch batch = Batch();             // rows
  bool is_at_end = false;            // rows
  Executed executed = {};            // executed
  Error error = {};                  // failure
  double done = 0;                   // progress, 0..1
};

[[nodiscard]] std::string encode(const Control& control);
[[nodiscard]] std::string encode(const Report& report);
[[nodiscard]] std::string encode(const Request& request);
// Rows that are more than a frame holds become a `failure`.
[[nodiscard]] std::string encode(const Response& response);
[[nodiscard]] Result<Control> decode_control(std::string_view bytes);
[[nodiscard]] Result<Report> decode_report(std::string_view bytes);
[[nodiscard]] Result<Request> decode_request(std::string_view bytes);
[[nodiscard]] Result<Response> decode_response(std::string_view bytes);

// Of one frame on a connection's socket; a longer one means that the other end is out of its mind.
inline constexpr std::size_t most_frame_bytes = std::size_t{256} << 20;
inline constexpr std::size_t most_control_bytes = std::size_t{128} << 10;

// Blocking, whole frames over a stream socket. `unavailable` when the other end is gone.
[[nodiscard]] Result<void> send_frame(int socket, std::string_view body);
// Nothing when nothing has arrived by the deadline; the rest of a frame that has begun is waited
// for.
[[nodiscard]] Result<std::optional<std::string>> receive_frame(
    int socket, std::optional<MonotonicTime> deadline = std::nullopt);

}  // namespace hearth::packs::sql::duckdb
