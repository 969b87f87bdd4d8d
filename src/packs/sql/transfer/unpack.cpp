#include "packs/sql/transfer/unpack.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cerrno>
#include <utility>

#include "base/regular_file.hpp"
#include "packs/sql/transfer/exchange.hpp"

namespace hearth::packs::sql {
namespace {

std::unexpected<Error> damaged(std::string_view why) {
  return fail(Errc::invalid_args, "the compressed file " + std::string(why),
              {"make it, or fetch it, again"});
}

constexpr std::string_view ends_early = "ends early";

class Plain final : public Unpacker {
 public:
  explicit Plain(UniqueFd file) : file_(std::move(file)) {}

  Result<std::string_view> next() override {
    buffer_.resize(piece_bytes);
    ssize_t size = 0;
    do {
      size = ::read(file_.get(), buffer_.data(), buffer_.size());
    } while (size < 0 && errno == EINTR);
    if (size < 0) return fail_errno("read a file to load", errno);
    return std::string_view(buffer_).substr(0, static_cast<std::size_t>(size));
  }

 private:
  UniqueFd file_;
  std::string buffer_;
};

class Gzip final : public Unpacker {
 public:
  explicit Gzip(UniqueFd file) : packed_(std::move(file)) {}
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;
  ~Gzip() override {
    if (is_open_) ::inflateEnd(&stream_);
  }

  Result<std::string_view> next() override {
    constexpr int gzip_only = 16 + MAX_WBITS;
    if (!is_open_) {
      if (::inflateInit2(&stream_, gzip_only) != Z_OK)
        return fail(Errc::busy, "no memory to read a compressed file");
      is_open_ = true;
    }
    buffer_.resize(piece_bytes);
    stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
    stream_.avail_out = static_cast<uInt>(buffer_.size());
    while (stream_.avail_out == buffer_.size()) {
      if (stream_.avail_in == 0 && !has_more_) {
        const auto more = packed_.next();
        if (!more) return std::unexpected(more.error());
        if (more->empty()) {
          if (is_within_) return damaged(ends_early);
          return std::string_view();
        }
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(more->data()));
        stream_.avail_in = static_cast<uInt>(more->size());
      }
      is_within_ = true;
      const int done = ::inflate(&stream_, Z_NO_FLUSH);
      has_more_ = stream_.avail_out == 0;
      if (done == Z_STREAM_END) {
        is_within_ = has_more_ = false;
        ::inflateReset(&stream_);
      } else if (done != Z_OK && done != Z_BUF_ERROR) {
        return damaged(stream_.msg == nullptr ? "is no gzip" : stream_.msg);
      }
    }
    return std::string_view(buffer_).substr(0, buffer_.size() - stream_.avail_out);
  }

 private:
  Plain packed_;
  z_stream stream_{};
  std::string buffer_;
  bool is_open_ = false;
  bool is_within_ = true;  // a member
  bool has_more_ = false;  // to give for what it was given
};

class Zstandard final : public Unpacker {
 public:
  explicit Zstandard(UniqueFd file) : packed_(std::move(file)) {}

  Result<std::string_view> next() override {
    if (!stream_) stream_.reset(::ZSTD_createDStream());
    if (!stream_) return fail(Errc::busy, "no memory to read a compressed file");
    buffer_.resize(piece_bytes);
    ZSTD_outBuffer out{buffer_.data(), buffer_.size(), 0};
    while (out.pos == 0) {
      if (in_.pos == in_.size && !has_more_) {
        const auto more = packed_.next();
        if (!more) return std::unexpected(more.error());
        if (more->empty()) {
          if (is_within_) return damaged(ends_early);
          return std::string_view();
        }
        in_ = {more->data(), more->size(), 0};
      }
      const std::size_t left = ::ZSTD_decompressStream(stream_.get(), &out, &in_);
      if (::ZSTD_isError(left) != 0) return damaged(::ZSTD_getErrorName(left));
      is_within_ = left != 0;
      has_more_ = is_within_ && out.pos == out.size;
    }
    return std::string_view(buffer_).substr(0, out.pos);
  }

 private:
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ::ZSTD_freeDStream(stream); }
  };

  Plain packed_;
  std::unique_ptr<ZSTD_DStream, Free> stream_;
  ZSTD_inBuffer in_{};
  std::string buffer_;
  bool is_within_ = true;  // a frame
  bool has_more_ = false;  // to give for what it was given
};

}  // namespace

Result<std::unique_ptr<Unpacker>> Unpacker::open(const std::string& path, Compression compression) {
  auto file = open_regular(path, O_RDONLY | O_NOFOLLOW);
  if (!file) return std::unexpected(std::move(file.error()));
  switch (compression) {
    case Compression::gzip:
      return std::make_unique<Gzip>(std::move(*file));
    case Compression::zstd:
      return std::make_unique<Zstandard>(std::move(*file));
    case Compression::none:
      break;
  }
  return std::make_unique<Plain>(std::move(*file));
}

}  // namespace hearth::packs::sql
