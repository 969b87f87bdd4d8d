#include "support/http_client.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <stdexcept>

namespace hearth::test {
namespace {

constexpr int patience_ms = 30'000;

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

bool has(const HttpHeaders& headers, const std::string& name) {
  return std::ranges::any_of(headers,
                             [&](const auto& header) { return lower(header.first) == name; });
}

}  // namespace

HttpClient::HttpClient(std::uint16_t port, std::string token)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), port_(port), token_(std::move(token)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("nobody listens on port " + std::to_string(port));
}

void HttpClient::request(std::string_view method,
                         std::string_view path,
                         const HttpHeaders& headers,
                         std::string_view body) {
  std::string text = std::string(method) + " " + std::string(path) + " HTTP/1.1\r\n";
  const auto add = [&text](const std::string& name, const std::string& value) {
    text += name + ": " + value + "\r\n";
  };
  if (!has(headers, "host")) add("Host", "127.0.0.1:" + std::to_string(port_));
  if (!has(headers, "authorization") && !token_.empty()) add("Authorization", "Bearer " + token_);
  if (!body.empty() && !has(headers, "content-type")) add("Content-Type", "application/json");
  const bool has_size = has(headers, "content-length") || has(headers, "transfer-encoding");
  if (!body.empty() && !has_size) add("Content-Length", std::to_string(body.size()));
  for (const auto& [name, value] : headers) add(name, value);
  send_bytes(text + "\r\n" + std::string(body));
}

void HttpClient::send_bytes(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the daemon has closed: its answer tells
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::size_t HttpClient::push(std::string_view bytes) {
  const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

bool HttpClient::receive() {
  pollfd entry{fd_.get(), POLLIN, 0};
  const int ready = ::poll(&entry, 1, patience_ms);
  if (ready == 0) ADD_FAILURE() << "nothing comes";
  if (ready <= 0) return false;
  std::array<char, 65536> chunk{};
  const ssize_t got = ::recv(fd_.get(), chunk.data(), chunk.size(), 0);
  if (got <= 0) return false;
  in_.append(chunk.data(), static_cast<std::size_t>(got));
  return true;
}

std::optional<std::string> HttpClient::line() {
  for (;;) {
    if (const auto end = in_.find("\r\n"); end != std::string::npos) {
      std::string text = in_.substr(0, end);
      in_.erase(0, end + 2);
      return text;
    }
    if (!receive()) return std::nullopt;
  }
}

std::optional<std::string> HttpClient::take(std::size_t bytes) {
  while (in_.size() < bytes) {
    if (!receive()) return std::nullopt;
  }
  std::string text = in_.substr(0, bytes);
  in_.erase(0, bytes);
  return text;
}

HttpReply HttpClient::reply() {
  HttpReply reply;
  const auto first = line();
  if (!first || first->size() < 12) return reply;
  std::from_chars(first->data() + 9, first->data() + 12, reply.status);
  for (auto text = line(); text && !text->empty(); text = line()) {
    const auto colon = std::min(text->find(": "), text->size() - 1);
    reply.headers[lower(text->substr(0, colon))] = text->substr(colon + 2);
  }
  if (reply.status == 100) return this->reply();
  stream_.clear();
  has_stream_ended_ = false;
  if (const std::string size = reply.header("content-length"); !size.empty())
    reply.body = take(std::stoul(size)).value_or("");
  return reply;
}

bool HttpClient::read_chunk() {
  const auto head = line();
  if (!head) return false;
  const std::size_t size = std::stoul(*head, nullptr, 16);
  const auto text = take(size + 2);
  if (!text || size == 0) return false;
  stream_.append(*text, 0, size);
  return true;
}

std::optional<HttpEvent> HttpClient::event() {
  for (;;) {
    const auto end = stream_.find("\n\n");
    if (end == std::string::npos) {
      if (has_stream_ended_) return std::nullopt;
      has_stream_ended_ = !read_chunk();
      continue;
    }
    HttpEvent event;
    bool is_comment = true;
    std::string_view text = std::string_view(stream_).substr(0, end + 1);
    while (!text.empty()) {
      const auto stop = text.find('\n');
      const auto field = text.substr(0, stop);
      text.remove_prefix(stop + 1);
      if (field.starts_with(':')) continue;
      is_comment = false;
      if (field.starts_with("id: ")) event.id = field.substr(4);
      if (field.starts_with("retry: ")) event.retry = field.substr(7);
      if (field.starts_with("data: ")) event.data += field.substr(6);
    }
    stream_.erase(0, end + 2);
    if (!is_comment) return event;
  }
}

bool HttpClient::is_ended() {
  while (receive()) in_.clear();
  return !testing::Test::HasFailure();
}

}  // namespace hearth::test
