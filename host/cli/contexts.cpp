#include "host/cli/contexts.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "host/base/descriptor.hpp"
#include "host/base/error.hpp"
#include "host/base/ids.hpp"
#include "host/base/text.hpp"
#include "host/element/secret_json.hpp"

namespace formulary::cli {
namespace {

constexpr std::size_t file_bytes_max = 1U << 20U;
constexpr mode_t others = 077;

std::string reason() {
  return std::error_code(errno, std::generic_category()).message();
}

/// Nothing if there is no file. What is checked is what is read: the same descriptor.
std::string private_text(const std::filesystem::path& file) {
  const Descriptor opened(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  const std::string where = file.string() + ": ";
  if (opened.get() < 0) {
    if (errno == ENOENT) return {};
    throw Error(ErrorCode::bad_input,
                where + "cannot be opened (" + reason() + "); it must be a file of your own, not a link");
  }
  struct stat status {};
  if (fstat(opened.get(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != geteuid()) {
    throw Error(ErrorCode::bad_input, where + "is no file of your own; move it away and run formulary login again");
  }
  if ((status.st_mode & others) != 0) {
    throw Error(
        ErrorCode::bad_input,
        where + "has secrets, and others may use it; run chmod 600 on it, and change the secrets if somebody did");
  }
  std::string text(file_bytes_max + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(opened.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Error(ErrorCode::bad_input, where + "cannot be read (" + reason() + "); look at it");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > file_bytes_max) throw Error(ErrorCode::bad_input, where + "is over 1 MiB; move it away and log in again");
  text.resize(size);
  return text;
}

void write_whole(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t done = write(descriptor, text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0)
      throw Error(ErrorCode::store_failed, "contexts: writing failed (" + reason() + "); look at the disk");
    text.remove_prefix(static_cast<std::size_t>(done));
  }
}

bool is_name(std::string_view name) {
  constexpr std::size_t length_max = 64;
  if (name.empty() || name.size() > length_max || name == local_context) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

ServerContext context_of(const json::value& value) {
  const JsonReader reader(value, "contexts");
  ServerContext context;
  context.name = reader.text("name");
  context.user = reader.text_or("user", "");
  context.user_secret = reader.text_or("userSecret", "");
  context.organization_secret = reader.text_or("organizationSecret", "");
  context.ca_file = reader.text_or("caFile", "");
  context.insecure_http = reader.flag_or("insecureHttp", false);
  context.url = api_url(reader.text("url"), context.insecure_http);
  return context;
}

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "[::1]") return true;
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

ServerContext::~ServerContext() {
  wipe(user_secret);
  wipe(organization_secret);
}

std::string api_url(std::string_view typed, bool insecure_http) {
  std::string url(typed);
  while (url.ends_with('/')) url.pop_back();
  const bool is_plain = url.starts_with("http://");
  if (!is_plain && !url.starts_with("https://")) {
    throw Error(ErrorCode::bad_input, "server: this is no http or https URL; write --server https://HOST");
  }
  const std::size_t host_begin = url.find("//") + 2;
  const std::size_t host_end = std::min(url.find('/', host_begin), url.size());
  const std::string authority = url.substr(host_begin, host_end - host_begin);
  const bool has_odd = std::any_of(url.begin(), url.end(),
                                   [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '?' || c == '#'; });
  if (authority.empty() || authority.find('@') != std::string::npos || has_odd) {
    throw Error(ErrorCode::bad_input,
                "server: the URL has no host, or a user, query, fragment or space; write --server https://HOST");
  }
  const std::size_t colon = authority.rfind(':');
  const bool has_port = colon != std::string::npos && authority.find(']', colon) == std::string::npos;
  if (is_plain && !insecure_http &&
      !is_loopback(std::string_view(authority).substr(0, has_port ? colon : authority.size()))) {
    throw Error(ErrorCode::bad_input,
                "server: http:// to another machine shows the secrets to everybody on the way; write https://, or "
                "--insecure-http if the way is safe");
  }
  if (host_end == url.size()) url += "/elements/api-v2";
  return url;
}

Contexts Contexts::load(std::filesystem::path file) {
  Contexts contexts;
  contexts.file_ = std::move(file);
  std::string text = private_text(contexts.file_);
  const WipeAtExit text_guard(text);
  if (text.empty()) return contexts;
  json::value document = parse_json(text, contexts.file_.string());
  const WipeJsonAtExit guard(document);
  const JsonReader reader(document, contexts.file_.string());
  contexts.current_ = reader.text_or("current", "");
  for (const json::value& one : reader.array("contexts")) contexts.all_.push_back(context_of(one));
  return contexts;
}

json::object Contexts::document() const {
  json::array all;
  for (const ServerContext& context : all_) {
    all.push_back(json::object{{"name", context.name},
                               {"url", context.url},
                               {"user", context.user},
                               {"userSecret", context.user_secret},
                               {"organizationSecret", context.organization_secret},
                               {"caFile", context.ca_file},
                               {"insecureHttp", context.insecure_http}});
  }
  return {{"current", current_}, {"contexts", std::move(all)}};
}

void Contexts::save() const {
  json::value all = document();
  const WipeJsonAtExit guard(all);
  std::string text = to_pretty_text(all) + '\n';
  const WipeAtExit text_guard(text);
  std::error_code problem;
  if (file_.has_parent_path()) std::filesystem::create_directories(file_.parent_path(), problem);
  const std::filesystem::path beside = file_.string() + "." + new_trace_id();
  const Descriptor made(open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (made.get() < 0) {
    throw Error(ErrorCode::store_failed,
                file_.string() + ": cannot be written (" + reason() + "); choose another file with FORMULARY_CONFIG");
  }
  try {
    write_whole(made.get(), text);
    if (fsync(made.get()) != 0 || std::rename(beside.c_str(), file_.c_str()) != 0) {
      throw Error(ErrorCode::store_failed, file_.string() + ": cannot be written (" + reason() + "); look at the disk");
    }
  } catch (const Error&) {
    unlink(beside.c_str());
    throw;
  }
}

const ServerContext& Contexts::find(std::string_view name) const {
  const auto found =
      std::find_if(all_.begin(), all_.end(), [name](const ServerContext& one) { return one.name == name; });
  if (found != all_.end()) return *found;
  std::string known(local_context);
  for (const ServerContext& one : all_) known += ", " + one.name;
  throw Error(ErrorCode::not_found, "context '" + std::string(name.substr(0, 64)) +
                                        "': there is none of that name; there are: " + known +
                                        " (formulary login makes one)");
}

void Contexts::put(ServerContext context) {
  if (!is_name(context.name)) {
    throw Error(
        ErrorCode::bad_input,
        "context: a name is 1 to 64 letters, digits, dots, dashes and underscores, and not 'local'; write --name NAME");
  }
  const auto found =
      std::find_if(all_.begin(), all_.end(), [&](const ServerContext& one) { return one.name == context.name; });
  if (found != all_.end()) {
    *found = std::move(context);
  } else {
    all_.push_back(std::move(context));
  }
}

void Contexts::use(std::string_view name) {
  if (name != local_context) (void)find(name);
  current_ = name == local_context ? std::string() : std::string(name);
}

void Contexts::remove(std::string_view name) {
  (void)find(name);
  std::erase_if(all_, [name](const ServerContext& one) { return one.name == name; });
  if (current_ == name) current_.clear();
}

}  // namespace formulary::cli
