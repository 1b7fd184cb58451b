#include "multipart.hpp"

#include <Poco/DigestEngine.h>
#include <Poco/Exception.h>
#include <Poco/Net/MediaType.h>
#include <Poco/Net/MessageHeader.h>
#include <Poco/Net/MultipartReader.h>
#include <Poco/SHA2Engine.h>
#include <Poco/StreamCopier.h>

#include <sstream>

namespace sandbox {
namespace {

constexpr std::size_t file_bytes_max = 10U << 20U;
constexpr std::size_t parts_max = 20;

Refusal invalid_file(const std::string& why) {
  return {400, "INVALID_FILE", why};
}

std::string sha256(const std::string& bytes) {
  Poco::SHA2Engine engine(Poco::SHA2Engine::SHA_256);
  engine.update(bytes);
  return Poco::DigestEngine::digestToHex(engine.digest());
}

void read_part(Poco::Net::MultipartReader& reader, Upload& upload) {
  Poco::Net::MessageHeader header;
  reader.nextPart(header);
  std::string disposition;
  Poco::Net::NameValueCollection parameters;
  Poco::Net::MessageHeader::splitParameters(header.get("Content-Disposition", ""), disposition, parameters);
  std::string bytes;
  Poco::StreamCopier::copyToString(reader.stream(), bytes);
  const std::string name = parameters.get("name", "");
  if (name != "file") {
    upload.fields[name] = std::move(bytes);
    return;
  }
  if (bytes.empty() || bytes.size() > file_bytes_max) throw invalid_file("a file must have 1 byte to 10 MiB");
  std::string hash = sha256(bytes);
  upload.file = {.name = parameters.get("filename", "file"),
                 .content_type = header.get("Content-Type", "application/octet-stream"),
                 .bytes = std::move(bytes),
                 .sha256 = std::move(hash)};
}

}  // namespace

Upload read_upload(const Call& call) {
  try {
    const Poco::Net::MediaType type(call.request.content_type);
    if (!type.matches("multipart", "form-data") || !type.hasParameter("boundary")) {
      throw invalid_file("the content type must be multipart/form-data with a boundary");
    }
    std::istringstream body(call.request.body);
    Poco::Net::MultipartReader reader(body, type.getParameter("boundary"));
    Upload upload;
    for (std::size_t parts = 0; reader.hasNextPart(); ++parts) {
      if (parts == parts_max) throw invalid_file("more than 20 parts");
      read_part(reader, upload);
    }
    return upload;
  } catch (const Poco::Exception& broken) {
    throw invalid_file("the multipart body cannot be read: " + broken.displayText());
  }
}

}  // namespace sandbox
