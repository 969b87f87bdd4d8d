#include "io/loop.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace hearth::io {

// Concurrency hint 1: one thread runs the context, others only post.
Loop::Loop() : context_(std::make_unique<boost::asio::io_context>(1)) {}

Loop::~Loop() = default;

void Loop::run() {
  thread_ = std::this_thread::get_id();
  const auto work = boost::asio::make_work_guard(*context_);
  context_->run();
}

void Loop::stop() {
  context_->stop();
}

void Loop::post(std::move_only_function<void()> job) {
  boost::asio::post(*context_, [job = std::move(job)]() mutable { job(); });
}

bool Loop::is_loop_thread() const {
  return std::this_thread::get_id() == thread_;
}

}  // namespace hearth::io
