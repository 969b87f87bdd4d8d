// Single values as text: decimals, dates, times, intervals, UUIDs, bytes. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hearth::packs::sql::duckdb {

__extension__ using Int128 = __int128;
__extension__ using UInt128 = unsigned __int128;

[[nodiscard]] Int128 int128_of(std::uint64_t lower, std::int64_t upper);
void append_integer(std::string& to, Int128 value);
void append_unsigned(std::string& to, UInt128 value);
// 12345 with scale 2: "123.45".
void append_decimal(std::string& to, Int128 unscaled, unsigned scale);
// The shortest text that reads back the same number; "NaN", "Infinity", "-Infinity".
void append_real(std::string& to, double value);
void append_real(std::string& to, float value);
// Days since 1970-01-01 in the proleptic Gregorian calendar: "2024-02-29", "infinity".
void append_date(std::string& to, std::int32_t days);
// Of a day, in units of 10^-digits seconds: "23:59:59.5".
void append_time(std::string& to, std::int64_t units, unsigned digits);
// Since 1970, in units of 10^-digits seconds: "2024-02-29T12:00:00.25".
void append_timestamp(std::string& to, std::int64_t units, unsigned digits);
// Seconds east of Greenwich: "Z", "+01:00", "-09:30:15".
void append_offset(std::string& to, std::int32_t seconds);
// ISO 8601: "P1Y2M3DT4H5M6.5S", each part with its own sign; "PT0S".
void append_interval(std::string& to, std::int32_t months, std::int32_t days, std::int64_t micros);
// As DuckDB keeps it: the highest bit flipped.
void append_uuid(std::string& to, std::uint64_t lower, std::int64_t upper);
void append_base64(std::string& to, std::string_view bytes);
// A BIT value, whose first byte counts the padding bits: "0101".
void append_bits(std::string& to, std::string_view bytes);
// With its quotes. Bytes that are no UTF-8 become U+FFFD.
void append_json_string(std::string& to, std::string_view text);

}  // namespace hearth::packs::sql::duckdb
