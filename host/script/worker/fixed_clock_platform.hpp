/// \file
/// V8's view of the machine, with a clock that stands still: `Date`, `Date.now` and `Intl` then say the same in every
/// run of one execution, without any of them being replaced.
#pragma once

#include <v8-platform.h>

#include <cstdint>
#include <memory>

namespace formulary {

class FixedClockPlatform final : public v8::Platform {
 public:
  FixedClockPlatform();

  void set_now(std::int64_t now_ms) { now_ms_ = static_cast<double>(now_ms); }
  /// Does what V8 put off, such as parts of a garbage collection.
  void run_pending_tasks(v8::Isolate* isolate);

  double CurrentClockTimeMillis() override { return now_ms_; }

  v8::PageAllocator* GetPageAllocator() override { return machine_->GetPageAllocator(); }
  v8::ZoneBackingAllocator* GetZoneBackingAllocator() override { return machine_->GetZoneBackingAllocator(); }
  void OnCriticalMemoryPressure() override { machine_->OnCriticalMemoryPressure(); }
  bool OnCriticalMemoryPressure(size_t length) override { return machine_->OnCriticalMemoryPressure(length); }
  int NumberOfWorkerThreads() override { return machine_->NumberOfWorkerThreads(); }
  std::shared_ptr<v8::TaskRunner> GetForegroundTaskRunner(v8::Isolate* isolate) override {
    return machine_->GetForegroundTaskRunner(isolate);
  }
  void CallOnWorkerThread(std::unique_ptr<v8::Task> task) override { machine_->CallOnWorkerThread(std::move(task)); }
  void CallDelayedOnWorkerThread(std::unique_ptr<v8::Task> task, double delay_in_seconds) override {
    machine_->CallDelayedOnWorkerThread(std::move(task), delay_in_seconds);
  }
  bool IdleTasksEnabled(v8::Isolate* isolate) override { return machine_->IdleTasksEnabled(isolate); }
  std::unique_ptr<v8::JobHandle> PostJob(v8::TaskPriority priority, std::unique_ptr<v8::JobTask> task) override {
    return machine_->PostJob(priority, std::move(task));
  }
  double MonotonicallyIncreasingTime() override { return machine_->MonotonicallyIncreasingTime(); }
  v8::TracingController* GetTracingController() override { return machine_->GetTracingController(); }

 private:
  std::unique_ptr<v8::Platform> machine_;
  double now_ms_ = 0;
};

}  // namespace formulary
