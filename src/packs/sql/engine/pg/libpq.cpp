#include "packs/sql/engine/pg/libpq.hpp"

#include <dlfcn.h>

#include <string>

namespace hearth::packs::sql::pg {
namespace {

constexpr const char* library = "libpq.so.5";

std::unexpected<Error> missing(const char* reason) {
  return fail(Errc::unavailable,
              std::string("PostgreSQL and Hyper need ") + library + ": " +
                  (reason == nullptr ? "?" : reason),
              {"install libpq 14 or newer (Debian: libpq5)"});
}

template <typename Function>
bool find(void* from, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(from, name));
  return function != nullptr;
}

bool find_connecting(void* from, Libpq& pq) {
  return find(from, "PQconninfoParse", pq.conninfo_parse) &&
         find(from, "PQconninfoFree", pq.conninfo_free) &&
         find(from, "PQconnectStartParams", pq.connect_start_params) &&
         find(from, "PQconnectPoll", pq.connect_poll) &&
         find(from, "PQconnectionNeedsPassword", pq.needs_password) &&
         find(from, "PQconnectionUsedPassword", pq.used_password) &&
         find(from, "PQfinish", pq.finish) && find(from, "PQstatus", pq.status) &&
         find(from, "PQtransactionStatus", pq.transaction_status) &&
         find(from, "PQparameterStatus", pq.parameter_status) &&
         find(from, "PQserverVersion", pq.server_version) &&
         find(from, "PQerrorMessage", pq.error_message) && find(from, "PQsocket", pq.socket) &&
         find(from, "PQsetnonblocking", pq.set_nonblocking) &&
         find(from, "PQsetErrorVerbosity", pq.set_error_verbosity) &&
         find(from, "PQsetNoticeReceiver", pq.set_notice_receiver) &&
         find(from, "PQlibVersion", pq.lib_version);
}

bool find_asking(void* from, Libpq& pq) {
  return find(from, "PQsendQuery", pq.send_query) &&
         find(from, "PQsendQueryParams", pq.send_query_params) &&
         find(from, "PQsendDescribePortal", pq.send_describe_portal) &&
         find(from, "PQsetSingleRowMode", pq.set_single_row_mode) &&
         find(from, "PQconsumeInput", pq.consume_input) && find(from, "PQisBusy", pq.is_busy) &&
         find(from, "PQflush", pq.flush) && find(from, "PQgetResult", pq.get_result) &&
         find(from, "PQputCopyData", pq.put_copy_data) &&
         find(from, "PQputCopyEnd", pq.put_copy_end) && find(from, "PQgetCancel", pq.get_cancel) &&
         find(from, "PQcancel", pq.cancel) && find(from, "PQfreeCancel", pq.free_cancel);
}

bool find_results(void* from, Libpq& pq) {
  return find(from, "PQresultStatus", pq.result_status) &&
         find(from, "PQresultErrorField", pq.error_field) &&
         find(from, "PQresultErrorMessage", pq.result_error_message) &&
         find(from, "PQclear", pq.clear) && find(from, "PQntuples", pq.ntuples) &&
         find(from, "PQnfields", pq.nfields) && find(from, "PQfname", pq.fname) &&
         find(from, "PQftype", pq.ftype) && find(from, "PQfmod", pq.fmod) &&
         find(from, "PQgetvalue", pq.getvalue) && find(from, "PQgetlength", pq.getlength) &&
         find(from, "PQgetisnull", pq.getisnull) && find(from, "PQcmdStatus", pq.cmd_status) &&
         find(from, "PQcmdTuples", pq.cmd_tuples);
}

Result<Libpq> load() {
  // OpenSSL registers what runs at exit, and a cancel request may still be on its way: never
  // unloaded.
  void* const from = ::dlopen(library, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (from == nullptr) return missing(::dlerror());
  Libpq pq;
  if (!find_connecting(from, pq) || !find_asking(from, pq) || !find_results(from, pq))
    return missing(::dlerror());
  return pq;
}

}  // namespace

Result<const Libpq*> load_libpq() {
  static const Result<Libpq> loaded = load();
  if (!loaded) return std::unexpected(loaded.error());
  return &*loaded;
}

}  // namespace hearth::packs::sql::pg
