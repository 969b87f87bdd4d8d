#include "base/result.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>

namespace hearth {
namespace {

constexpr Errc all_codes[] = {Errc::invalid_args,
                              Errc::not_found,
                              Errc::conflict,
                              Errc::busy,
                              Errc::io,
                              Errc::permission,
                              Errc::read_only,
                              Errc::timed_out,
                              Errc::cancelled,
                              Errc::draining,
                              Errc::mismatch,
                              Errc::damaged,
                              Errc::outcome_unknown,
                              Errc::unsupported,
                              Errc::unavailable,
                              Errc::engine_restarted,
                              Errc::internal};

TEST(Errc, HasOneNameEachThatReadsBack) {
  std::set<std::string_view> names;
  for (const Errc code : all_codes) {
    EXPECT_EQ(errc_from_name(errc_name(code)), code) << errc_name(code);
    names.insert(errc_name(code));
  }
  EXPECT_EQ(names.size(), std::size(all_codes));
  EXPECT_EQ(errc_from_name("no such word"), Errc::internal);
}

TEST(Errc, HasTheExitCodesOfTheCommandLine) {
  EXPECT_EQ(exit_code(Errc::internal), 1);
  EXPECT_EQ(exit_code(Errc::invalid_args), 2);
  EXPECT_EQ(exit_code(Errc::not_found), 3);
  EXPECT_EQ(exit_code(Errc::conflict), 4);
  EXPECT_EQ(exit_code(Errc::busy), 5);
  EXPECT_EQ(exit_code(Errc::io), 5);
  EXPECT_EQ(exit_code(Errc::unavailable), 6);
  EXPECT_EQ(exit_code(Errc::draining), 6);
}

TEST(FailErrno, MapsWhatCallersTreatDifferently) {
  EXPECT_EQ(fail_errno("open x", ENOENT).error().code, Errc::not_found);
  EXPECT_EQ(fail_errno("open x", EACCES).error().code, Errc::permission);
  EXPECT_EQ(fail_errno("open x", EIO).error().code, Errc::io);
  EXPECT_EQ(fail_errno("open x", ENOENT).error().message, "open x: No such file or directory");
}

TEST(FailErrno, SaysWhatToDoAboutAFullDisk) {
  const Error error = fail_errno("write x", ENOSPC).error();
  EXPECT_EQ(error.code, Errc::io);
  EXPECT_EQ(error.message, "write x: the disk is full");
  EXPECT_FALSE(error.suggestions.empty());
}

TEST(Error, KeepsCodeAndSuggestionsUnderAddedContext) {
  const Error error = Error{Errc::busy, "queue is full", {"try again"}}.within("send");
  EXPECT_EQ(error.message, "send: queue is full");
  EXPECT_EQ(error.code, Errc::busy);
  EXPECT_EQ(error.suggestions, std::vector<std::string>{"try again"});
}

}  // namespace
}  // namespace hearth
