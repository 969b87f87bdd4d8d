#include "packs/sql/transfer/load_plan.hpp"

#include <algorithm>

namespace hearth::packs::sql {
namespace {

bool is_among(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::any_of(names, [&](const auto& each) { return is_same_name(each, name); });
}

// "t.a IS NOT DISTINCT FROM s.a AND …": NULLs in a key are the same.
std::string same_key(const LoadPlan& plan) {
  std::string list;
  for (const std::string& each : plan.key) {
    const std::string name = quoted_name(each);
    list += (list.empty() ? "t." : " AND t.") + name + " IS NOT DISTINCT FROM s." + name;
  }
  return list;
}

LoadStatements merge_of(const LoadPlan& plan) {
  const std::string stage = quoted_name(plan.stage);
  const std::string table = plan.table.quoted();
  const std::string columns = quoted_names(plan.columns);
  LoadStatements statements;
  if (!plan.is_staged) {
    statements.sql.push_back("CREATE TEMP TABLE " + stage + " AS " + union_of(plan.sources));
    statements.sql.push_back(check_of_keys(stage, quoted_names(plan.key)));
  }
  std::string assignments;
  for (const std::string& each : plan.columns) {
    if (is_among(plan.key, each)) continue;
    const std::string name = quoted_name(each);
    assignments += (assignments.empty() ? "" : ", ") + (name + " = s." + name);
  }
  if (!assignments.empty()) {
    statements.updated = statements.sql.size();
    statements.sql.push_back("UPDATE " + table + " AS t SET " + assignments + " FROM " + stage +
                             " AS s WHERE " + same_key(plan));
  }
  statements.added = statements.sql.size();
  statements.sql.push_back("INSERT INTO " + table + " (" + columns + ") SELECT " + columns +
                           " FROM " + stage + " AS s WHERE NOT EXISTS (SELECT 1 FROM " + table +
                           " AS t WHERE " + same_key(plan) + ")");
  statements.sql.push_back("DROP TABLE " + stage);
  return statements;
}

}  // namespace

std::string check_of_keys(const std::string& relation, const std::string& key) {
  const std::string why =
      "two rows of the data have the same key (" + key + "); nothing was merged";
  return "SELECT CASE WHEN count(*) > 0 THEN error(" + quoted_text(why) +
         ") END FROM (SELECT 1 FROM " + relation + " GROUP BY " + key +
         " HAVING count(*) > 1 LIMIT 1)";
}

Result<void> check_merge(bool has_key, bool merges) {
  if (has_key == merges) return {};
  if (has_key) {
    return fail(Errc::invalid_args, "params.merge_on: it goes with mode \"merge\"",
                {"say mode: merge, or leave merge_on out"});
  }
  return fail(Errc::invalid_args, "params.merge_on: missing (the columns that tell rows apart)");
}

std::string union_of(const std::vector<std::string>& sources) {
  std::string all;
  for (const std::string& each : sources) {
    all += (all.empty() ? "SELECT * FROM " : " UNION ALL BY NAME SELECT * FROM ") + each;
  }
  return all;
}

Result<LoadStatements> statements_of(const LoadPlan& plan) {
  if (plan.sources.empty() && !plan.is_staged)
    return fail(Errc::invalid_args, "there is nothing to load");
  if (plan.mode == LoadMode::merge) {
    if (plan.key.empty()) {
      return fail(Errc::invalid_args, "merge needs merge_on: the columns that tell rows apart");
    }
    for (const std::string& each : plan.key) {
      if (is_among(plan.columns, each)) continue;
      std::string known;
      for (const std::string& column : plan.columns) known += (known.empty() ? "" : ", ") + column;
      return fail(Errc::invalid_args, "params.merge_on: the data has no column \"" + each + "\"",
                  {"its columns: " + known});
    }
  }
  const std::string rows = union_of(plan.sources);
  if (plan.mode == LoadMode::replace || !plan.exists) {
    const std::string verb =
        plan.mode == LoadMode::replace ? "CREATE OR REPLACE TABLE " : "CREATE TABLE ";
    return LoadStatements{.sql = {verb + plan.table.quoted() + " AS " + rows}, .updated = {}};
  }
  if (plan.mode == LoadMode::append) {
    return LoadStatements{.sql = {"INSERT INTO " + plan.table.quoted() + " BY NAME " + rows},
                          .updated = {}};
  }
  return merge_of(plan);
}

}  // namespace hearth::packs::sql
