#include <algorithm>

#include "apis.hpp"
#include "company.hpp"
#include "multipart.hpp"

namespace sandbox {
namespace {

constexpr std::size_t attachments_max = 20;

/// The old operations (without a job) and the present ones show an attachment differently.
json::object view(const Call& call, const Candidate& candidate, const Attachment& attachment, bool for_job) {
  json::object shown{{"id", attachment.id}, {"name", attachment.name}, {"contentType", attachment.content_type}};
  if (!for_job) {
    const std::string path = "/candidates/" + candidate.id + "/attachments/" + attachment.id;
    shown["actions"] = json::object{{"download", action(call, path)}};
    return shown;
  }
  const std::string path = "/candidates/attachments/" + attachment.id;
  shown["type"] = attachment.type;
  shown["actions"] = json::object{{"download", action(call, path)}, {"remove", action(call, path, "DELETE")}};
  return shown;
}

std::string attachment_type(const Call& call, const Upload& upload) {
  const auto found = upload.fields.find("attachmentType");
  if (found == upload.fields.end()) throw call.invalid("/attachmentType", "is missing");
  for (const char* known : {"GENERIC_FILE", "RESUME", "COVER_LETTER"}) {
    if (found->second == known) return known;
  }
  throw call.invalid("/attachmentType", "must be GENERIC_FILE, RESUME or COVER_LETTER");
}

const Attachment& keep_attachment(Company& company, const Call& call, Candidate& candidate, const std::string& job_id) {
  if (candidate.attachments.size() >= attachments_max) {
    throw Refusal(422, "ATTACHMENT_LIMIT_EXCEEDED", "a candidate has at most 20 attachments");
  }
  Upload upload = read_upload(call);
  const std::string type = attachment_type(call, upload);
  if (!upload.file) throw Refusal(400, "INVALID_FILE", "the part 'file' is missing");
  UploadedFile& file = *upload.file;
  const auto same = [&](const Attachment& one) { return one.sha256 == file.sha256 && one.name == file.name; };
  if (std::any_of(candidate.attachments.begin(), candidate.attachments.end(), same)) {
    throw Refusal(400, "FILE_ALREADY_EXIST", "the candidate has this file already");
  }
  candidate.attachments.push_back({.id = company.make_id(),
                                   .name = file.name,
                                   .type = type,
                                   .content_type = file.content_type,
                                   .bytes = std::move(file.bytes),
                                   .sha256 = file.sha256,
                                   .job_id = job_id});
  return candidate.attachments.back();
}

Answer list(const Call& call, const Candidate& candidate, bool for_job) {
  json::array content;
  for (const Attachment& one : candidate.attachments) content.push_back(view(call, candidate, one, for_job));
  return json_answer(200, {{"totalFound", content.size()}, {"content", content}});
}

Answer list_old(Company& company, const Call& call) {
  return list(call, company.candidate(call, call.id(0)), false);
}

Answer list_for_job(Company& company, const Call& call) {
  Candidate& candidate = company.candidate(call, call.id(0));
  (void)company.application(call, candidate, call.id(1));
  return list(call, candidate, true);
}

Answer add_old(Company& company, const Call& call) {
  Candidate& candidate = company.candidate(call, call.id(0));
  return json_answer(201, view(call, candidate, keep_attachment(company, call, candidate, {}), false));
}

Answer add_for_job(Company& company, const Call& call) {
  Candidate& candidate = company.candidate(call, call.id(0));
  const Application& application = company.application(call, candidate, call.id(1));
  return json_answer(201, view(call, candidate, keep_attachment(company, call, candidate, application.job_id), true));
}

Answer bytes_of(const Attachment& attachment) {
  return {.status = 200,
          .body = attachment.bytes,
          .content_type = attachment.content_type,
          .headers = {{"Content-Disposition", "attachment; filename=\"attachment\""}}};
}

Answer download_old(Company& company, const Call& call) {
  const Candidate& candidate = company.candidate(call, call.id(0));
  for (const Attachment& one : candidate.attachments) {
    if (one.id == call.id(1)) return bytes_of(one);
  }
  throw call.missing("FILE_NOT_FOUND", "the candidate has no attachment '" + call.id(1) + "'");
}

Answer download(Company& company, const Call& call) {
  for (const auto& [id, candidate] : company.candidates) {
    for (const Attachment& one : candidate.attachments) {
      if (one.id == call.id(0)) return bytes_of(one);
    }
  }
  throw call.missing("FILE_NOT_FOUND", "no attachment '" + call.id(0) + "'");
}

Answer remove(Company& company, const Call& call) {
  for (auto& [id, candidate] : company.candidates) {
    if (std::erase_if(candidate.attachments, [&](const Attachment& one) { return one.id == call.id(0); }) > 0) {
      return no_content();
    }
  }
  throw call.missing("FILE_NOT_FOUND", "no attachment '" + call.id(0) + "'");
}

}  // namespace

void add_attachment_routes(Router& router) {
  router.add("GET", "/candidates/{id}/attachments", {401, 403}, list_old);
  router.add("POST", "/candidates/{id}/attachments", {400, 401, 422}, add_old);
  router.add("GET", "/candidates/{id}/attachments/{attachmentId}", {401, 404}, download_old);
  router.add("GET", "/candidates/{id}/jobs/{jobId}/attachments", {403, 404}, list_for_job);
  router.add("POST", "/candidates/{id}/jobs/{jobId}/attachments", {400, 403, 404, 422}, add_for_job);
  router.add("GET", "/candidates/attachments/{attachmentId}", {403, 404}, download);
  router.add("DELETE", "/candidates/attachments/{attachmentId}", {403, 404}, remove);
}

}  // namespace sandbox
