// A worker that breaks the rules. Its heap limit, which it has no use for, says how.
#include "tests/host/script/odd_script_worker.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "host/script/script_frame.hpp"

using formulary::OddWorker;
namespace script_frame = formulary::script_frame;

namespace {

void say(const std::string& bytes) {
  if (send(3, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) _exit(1);
}

/// Its first bytes: the length, and whether results are wanted one by one.
bool wait_for_request() {
  char bytes[5] = {};
  if (recv(3, bytes, sizeof bytes, MSG_WAITALL) != sizeof bytes) _exit(1);
  return bytes[4] == 1;
}

std::string first_of_two(std::size_t step) {
  script_frame::Reply reply;
  reply.results.resize(1);
  reply.results[0] = {.step = step, .result = {.ok = true, .value = "1"}};
  reply.more = true;
  return script_frame::encode_reply(reply);
}

void wait_for_ever() {
  char byte = 0;
  while (recv(3, &byte, 1, 0) > 0) {
  }
}

/// Says it is ready, and what it answers to the first request.
void misbehave(OddWorker how) {
  say(script_frame::encode(script_frame::hello));
  if (how == OddWorker::speaks_unasked) {
    say("unasked");
    wait_for_ever();
  }
  const bool one_by_one = wait_for_request();
  if (how == OddWorker::sends_nonsense) say(script_frame::encode("nonsense"));
  if (how == OddWorker::sends_huge_frame) say("\xff\xff\xff\xff");
  if (how == OddWorker::sends_half_a_frame) say(std::string("\x40\0\0\0half", 8));
  if (how == OddWorker::claims_memory_ran_out) _exit(static_cast<int>(script_frame::WorkerExit::out_of_memory));
  if (how == OddWorker::exits) _exit(5);
  if (how == OddWorker::exits_in_the_second_step && one_by_one) say(first_of_two(0));
  if (how == OddWorker::names_a_step_that_is_not_there) say(first_of_two(7));
  if (how == OddWorker::wants_what_is_not_there) {
    script_frame::Reply reply;
    reply.wanted = 3;
    say(script_frame::encode_reply(reply));
    wait_for_ever();
  }
  if (how == OddWorker::hangs || how == OddWorker::sends_huge_frame) wait_for_ever();
}

}  // namespace

int main(int count, char** words) {
  if (count != 5) return 64;
  const auto how = static_cast<OddWorker>(std::atoi(words[2]));
  if (how == OddWorker::ends_at_once) return 5;
  if (how == OddWorker::is_not_confined) return static_cast<int>(script_frame::WorkerExit::not_confined);
  if (how == OddWorker::is_silent) wait_for_ever();
  if (how == OddWorker::is_another_version) say(script_frame::encode("formulary script worker 9"));
  if (how == OddWorker::is_another_program) say("HTTP/1.1 400 Bad Request");
  misbehave(how);
}
