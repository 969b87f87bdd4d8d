// What each message costs in user space, piece by piece: cutting frames, finding the outside of a
// message, making the answer. The system calls around it are some 3 µs.
#include <benchmark/benchmark.h>

#include <string>

#include "ipc/frame.hpp"
#include "json/envelope.hpp"
#include "json/json.hpp"
#include "mcp/messages.hpp"

namespace hearth {
namespace {

const std::string ping = R"({"jsonrpc":"2.0","id":7,"method":"daemon/ping"})";
const std::string call =
    R"({"hearth":{"key":"b3f1c2d4e5f60718-17","attempt":1},"jsonrpc":"2.0","id":17,"method":"tools/call",)"
    R"("params":{"name":"knowledge_search","arguments":{"query":"how does the bridge reconnect","limit":10},)"
    R"("_meta":{"progressToken":17}}})";

void cut_frames(benchmark::State& state) {
  std::string frame;
  ipc::append_frame(frame, ping);
  ipc::FrameReader reader;
  for (auto _ : state) {
    reader.feed(frame);
    benchmark::DoNotOptimize(reader.next());
    benchmark::DoNotOptimize(reader.next());
  }
}
BENCHMARK(cut_frames);

void scan(benchmark::State& state, const std::string& message) {
  for (auto _ : state) benchmark::DoNotOptimize(json::scan_envelope(message));
}
BENCHMARK_CAPTURE(scan, ping, ping);
BENCHMARK_CAPTURE(scan, call, call);

void answer(benchmark::State& state) {
  std::string out;
  for (auto _ : state) {
    out.clear();
    ipc::append_frame(out, mcp::make_result("17", "{}"));
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(answer);

// The text of an answer is JSON within JSON: a quote every few bytes.
void wrap_tool_result(benchmark::State& state) {
  std::string structured;
  while (structured.size() < static_cast<std::size_t>(state.range(0)))
    structured.append(R"({"id":"n-17","title":"How the bridge reconnects","score":3.25},)");
  for (auto _ : state) benchmark::DoNotOptimize(mcp::tool_result({.structured = structured}));
}
BENCHMARK(wrap_tool_result)->Arg(100)->Arg(10'000);

void quote_prose(benchmark::State& state) {
  const std::string text(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(json::quoted(text));
}
BENCHMARK(quote_prose)->Arg(10'000);

}  // namespace
}  // namespace hearth
