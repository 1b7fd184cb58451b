#include "plugins/smartrecruiters/list.hpp"

#include <formulary/element/error.hpp>
#include <formulary/poco/url.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plugins/smartrecruiters/instant.hpp"
#include "plugins/smartrecruiters/json_slices.hpp"

namespace smartrecruiters {
namespace {

namespace http = element::http;

constexpr std::size_t pages_by_token_max = 10'000;

element::error too_far(const std::string& sentence) {
  return element::error(ELEMENT_OUT_OF_RANGE, "smartrecruiters.page_too_far", sentence)
      .with_http_status(400)
      .with_retry(element::retry::no);
}

/// Filter::own_after of the filter; empty if the vendor applies it.
std::string_view own_member(const Resource& resource, std::string_view filter) {
  const auto found = std::find_if(resource.filters.begin(), resource.filters.end(),
                                  [&](const Filter& one) { return one.name == filter; });
  return found == resource.filters.end() ? std::string_view{} : found->own_after;
}

/// The conditions that the vendor does not know.
class OwnFilter {
 public:
  OwnFilter(const Resource& resource, const ListQuery& query) {
    for (const Parameter& one : query.filters) {
      const std::string_view member = own_member(resource, one.name);
      if (member.empty()) continue;
      if (const auto after = parse_instant(one.value)) conditions_.emplace_back(member, *after);
    }
  }

  [[nodiscard]] bool any() const noexcept { return !conditions_.empty(); }
  /// An element without the member, or with one that is no time, does not fit.
  [[nodiscard]] bool fits(std::string_view element) const {
    if (json_kind(element) != JsonKind::object) return false;
    const std::vector<JsonMember> members = json_members(element);
    return std::all_of(conditions_.begin(), conditions_.end(), [&](const auto& condition) {
      const auto member = std::find_if(members.begin(), members.end(),
                                       [&](const JsonMember& one) { return one.key == condition.first; });
      if (member == members.end() || member->value.size() < 2) return false;
      const auto time = parse_instant(member->value.substr(1, member->value.size() - 2));  // without the quotes
      return time && *time > condition.second;
    });
  }

 private:
  std::vector<std::pair<std::string_view, Instant>> conditions_;
};

/// Reads the vendor's pages of one list in their order.
class VendorPages {
 public:
  VendorPages(Vendor& vendor, element::call& now, const Resource& resource, VendorRequest request,
              const std::string& path, ListQuery& query)
      : vendor_(vendor), now_(now), resource_(resource), request_(std::move(request)), path_(path), query_(query) {}

  /// Moves the query's position behind the page that it reads. `number` is the page's from the list's start. The views
  /// of the result are good until the next call.
  const VendorPage& read(std::size_t limit, std::size_t number) {
    request_.target = target(limit);
    VendorReply got = vendor_.send(now_, request_);
    retries_ += got.retries;
    status_ = got.reply.status;
    body_ = std::move(got.reply.body);
    page_ = read_page(body_);
    more_ = !page_.elements.empty() && move_on(limit, number);
    return page_;
  }

  [[nodiscard]] bool more() const noexcept { return more_; }
  [[nodiscard]] int retries() const noexcept { return retries_; }
  [[nodiscard]] int status() const noexcept { return status_; }

 private:
  [[nodiscard]] bool vendor_pages() const noexcept {
    return resource_.paging == Paging::offset || resource_.paging == Paging::page_id;
  }

  [[nodiscard]] std::string target(std::size_t limit) const {
    http::target_builder target(path_);
    for (const Parameter& one : query_.filters) {
      if (own_member(resource_, one.name).empty()) target.add(one.name, one.value);
    }
    if (!vendor_pages()) return target.text();
    target.add("limit", static_cast<std::int64_t>(limit));
    if (query_.offset > 0) target.add("offset", static_cast<std::int64_t>(query_.offset));
    return target.add_if("pageId", query_.page_id).text();
  }

  /// Whether there is more behind the page that was read.
  bool move_on(std::size_t limit, std::size_t number) {
    if (!vendor_pages()) return false;
    if (resource_.paging == Paging::page_id) return move_to(std::move(page_.next_page_id), number);
    query_.offset += page_.elements.size();  // not `limit`: what a vendor with a lower limit leaves out comes next
    return page_.total ? query_.offset < *page_.total : page_.elements.size() == limit;
  }

  bool move_to(std::string next, std::size_t number) {
    if (next.empty()) return false;
    const bool again = next == query_.page_id || next == query_.mark || !seen_.insert(next).second;
    if (again) {
      now_.log(element::log_level::warn, "SmartRecruiters' page ids go round; the list ends here",
               {{"request", request_.what}, {"page", std::to_string(number)}});
      return false;
    }
    // Brent's way to find a circle over many calls with one remembered id: that of each page whose number is a power of
    // two.
    if (std::has_single_bit(number)) query_.mark = next;
    query_.page_id = std::move(next);
    return true;
  }

  Vendor& vendor_;
  element::call& now_;
  const Resource& resource_;
  VendorRequest request_;
  const std::string& path_;
  ListQuery& query_;
  std::set<std::string> seen_;  ///< By this call.
  std::string body_;
  VendorPage page_;
  bool more_ = true;
  int retries_ = 0;
  int status_ = 200;
};

/// An array that grows.
class Gathered {
 public:
  void add(const VendorPage& page) {
    count_ += page.elements.size();
    if (page.total) total_ = page.total;
    if (body_.empty()) {
      body_ = page.content;
    } else if (!page.elements.empty()) {
      body_.back() = ',';
      body_.append(page.content.substr(1));
    }
  }
  /// One element of a list that is filtered here, whose total nobody knows.
  void add(std::string_view element) {
    if (body_.empty()) {
      body_ = "[";
    } else {
      body_.back() = ',';
    }
    body_.append(element).append("]");
    ++count_;
  }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

  element::answer answer(const VendorPages& from) && {
    element::answer answer;
    answer.body = body_.empty() ? "[]" : std::move(body_);
    answer.headers.emplace_back("smartrecruiters-status", std::to_string(from.status()));
    answer.headers.emplace_back("elements-returned-count", std::to_string(count_));
    if (total_) answer.headers.emplace_back("elements-total-count", std::to_string(*total_));
    answer.retry_attempts = from.retries();
    return answer;
  }

 private:
  std::string body_;
  std::size_t count_ = 0;
  std::optional<std::uint64_t> total_;
};

/// Cuts the asked page out of a list that came whole; returns whether there is more.
bool cut(VendorPage& page, const ListQuery& query, std::string& slice) {
  const std::size_t size = page.elements.size();
  const std::size_t start = std::min((query.page - 1) * query.page_size, size);
  const std::size_t count = std::min(query.page_size, size - start);
  slice = "[";
  for (std::size_t index = start; index < start + count; ++index) {
    if (index > start) slice += ',';
    slice += page.elements[index];
  }
  slice += ']';
  page.elements = {page.elements.begin() + static_cast<std::ptrdiff_t>(start),
                   page.elements.begin() + static_cast<std::ptrdiff_t>(start + count)};
  page.content = slice;
  page.total = size;
  return start + count < size;
}

element::answer read_whole(VendorPages& pages, element::call& now, const Resource& resource, const ListQuery& query) {
  VendorPage page = pages.read(0, 1);
  const std::uint64_t announced = page.total.value_or(0);
  const std::size_t came = page.elements.size();
  if (resource.paging == Paging::whole && !page.next_page_id.empty()) {
    throw element::error(ELEMENT_DATA_LOSS, "smartrecruiters.incomplete_list",
                         "GET " + std::string(resource.vendor_path) + ": SmartRecruiters sent " + std::to_string(came) +
                             " elements and says that there are more, and describes no way to ask for the rest; a part "
                             "is not passed off as the whole, so ask for its members one by one")
        .with_retry(element::retry::no);
  }
  std::string slice;
  const bool more = query.paged && cut(page, query, slice);
  if (resource.paging == Paging::whole && announced > came) {
    // No failure: the vendor may count what the key may not see, and its totals move while it is written to. A list
    // that failed for ever would help no operator, who can do nothing about it. Who must know sees it in the log, and
    // in elements-total-count, which keeps the vendor's number.
    page.total = announced;
    now.log(element::log_level::warn,
            "SmartRecruiters counts more elements than it sent; the rest may not be visible to the key",
            {{"list", std::string(resource.vendor_path)},
             {"sent", std::to_string(came)},
             {"counted", std::to_string(announced)}});
  }
  Gathered gathered;
  gathered.add(page);
  element::answer answer = std::move(gathered).answer(pages);
  if (more) answer.next_page = next_page_token(resource, query);
  return answer;
}

/// A page of a list by offset of which only what fits is passed on. The vendor's pages are walked from the list's
/// start, or from where the token says, until the page is full and the first element of the next one is known.
element::answer read_filtered(VendorPages& pages, const OwnFilter& filter, const Resource& resource, ListQuery& query) {
  std::size_t to_skip = query.continued ? 0 : (query.page - 1) * query.page_size;
  if (!query.continued) query.offset = 0;
  Gathered gathered;
  std::optional<std::size_t> next;
  for (std::size_t number = 1; pages.more() && !next; ++number) {
    if (number > vendor_pages_max) {
      if (to_skip > 0)
        throw too_far("page: it lies behind 5000 elements of SmartRecruiters' list; follow nextPage instead");
      next = query.offset;
      break;
    }
    std::size_t at = query.offset;
    for (const std::string_view element : pages.read(vendor_page_size_max, number).elements) {
      const std::size_t place = at++;
      if (!filter.fits(element)) continue;
      if (to_skip > 0) {
        --to_skip;
      } else if (gathered.count() == query.page_size) {
        next = place;
        break;
      } else {
        gathered.add(element);
      }
    }
  }
  element::answer answer = std::move(gathered).answer(pages);
  if (!next) return answer;
  query.offset = *next;
  answer.next_page = next_page_token(resource, query);
  return answer;
}

void check_reach(const ListQuery& query, std::size_t pages_for_one) {
  const std::size_t before = (query.page - 1) * pages_for_one;
  if (!query.page_id.empty()) {
    if (before < pages_by_token_max) return;
    throw too_far("nextPage: the list goes on after 10000 pages of SmartRecruiters; narrow it with `where`");
  }
  if (before + pages_for_one <= vendor_pages_max) return;
  throw too_far("page: SmartRecruiters pages this list by tokens, so page " + std::to_string(query.page) +
                " can only be reached through the ones before it, and " + std::to_string(vendor_pages_max) +
                " of 100 elements are the most for one call; follow nextPage instead");
}

}  // namespace

element::answer read_list(Vendor& vendor, element::call& now, const Resource& resource, VendorRequest request,
                          const std::string& path, ListQuery query) {
  VendorPages pages(vendor, now, resource, std::move(request), path, query);
  if (resource.paging != Paging::offset && resource.paging != Paging::page_id)
    return read_whole(pages, now, resource, query);
  if (const OwnFilter filter(resource, query); filter.any()) return read_filtered(pages, filter, resource, query);

  const std::size_t pages_for_one = (query.page_size + vendor_page_size_max - 1) / vendor_page_size_max;
  const auto limit_of = [&](std::size_t index) {
    return std::min(vendor_page_size_max, query.page_size - index * vendor_page_size_max);
  };
  std::size_t number = (query.page - 1) * pages_for_one;  // of the vendor's pages before this one
  if (resource.paging == Paging::page_id) {
    check_reach(query, pages_for_one);
    const std::size_t skipped = query.page_id.empty() ? number : 0;
    for (std::size_t page = 0; page < skipped && pages.more(); ++page) {
      static_cast<void>(pages.read(limit_of(page % pages_for_one), page + 1));
    }
  }
  Gathered gathered;
  for (std::size_t index = 0; index < pages_for_one && pages.more(); ++index) {
    gathered.add(pages.read(limit_of(index), ++number));
  }
  element::answer answer = std::move(gathered).answer(pages);
  if (pages.more()) answer.next_page = next_page_token(resource, query);
  return answer;
}

}  // namespace smartrecruiters
