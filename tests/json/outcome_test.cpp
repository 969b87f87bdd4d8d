#include "json/outcome.hpp"

#include <gtest/gtest.h>

namespace hearth::json {
namespace {

TEST(Outcome, OfASuccess) {
  EXPECT_EQ(success_envelope(R"({"id":"a","score":1.5})"),
            R"({"schema_version":1,"ok":true,"data":{"id":"a","score":1.5}})");
}

TEST(Outcome, OfAFailure) {
  EXPECT_EQ(failure_envelope({Errc::not_found, "no \"x\"", {"look", "list"}}),
            R"({"schema_version":1,"ok":false,"error":{"code":"not_found","message":"no \"x\"",)"
            R"("details":{"suggestions":["look","list"]}}})");
  EXPECT_EQ(failure_envelope({Errc::io, "m", {}}),
            R"({"schema_version":1,"ok":false,"error":{"code":"io_error","message":"m",)"
            R"("details":{"suggestions":[]}}})");
}

}  // namespace
}  // namespace hearth::json
