// Runs once in every fresh context, before a script sees it: takes away what would make two runs of one execution
// differ, or reach outside, and adds what the platform promises. `native` are the worker's own functions, `parts` the
// other files of this folder. What is used later is kept in a constant here, so that a script that replaces it only fools
// itself; what a run may leave in a variable here is taken back by begin().
(function (global, native, parts) {
  'use strict';

  // WeakRef and FinalizationRegistry show when garbage is collected, which no second run repeats.
  for (const name of ['WebAssembly', 'SharedArrayBuffer', 'Atomics', 'WeakRef', 'FinalizationRegistry']) {
    delete global[name];
  }

  const { stringify } = JSON;
  const { apply } = Reflect;
  const { exec } = RegExp.prototype;
  const text = String;

  function define(target, name, value) {
    Object.defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });
  }

  define(Math, 'random', native.random);

  function shown(value) {
    if (typeof value === 'string') return value;
    try {
      if (typeof value !== 'object' || value === null || value instanceof Error) return text(value);
      return stringify(value) ?? text(value);
    } catch {
      return '[a value that cannot be shown]';
    }
  }

  function print(...values) {
    let line = '';
    for (let index = 0; index < values.length; index += 1) line += (index > 0 ? ' ' : '') + shown(values[index]);
    native.log(line);
  }
  define(global, 'console', { log: print, info: print, debug: print, warn: print, error: print, trace: print });

  define(global, 'notify', {
    email(to, subject, body) {
      native.mail(stringify({ to: shown(to), subject: shown(subject), body: shown(body) }));
    },
  });

  const timers = parts.timers(native);
  define(global, 'setTimeout', timers.setTimeout);
  define(global, 'setInterval', timers.setInterval);
  define(global, 'setImmediate', timers.setImmediate);
  define(global, 'clearTimeout', timers.clear);
  define(global, 'clearInterval', timers.clear);
  define(global, 'clearImmediate', timers.clear);

  define(global, 'CE', parts.helpers(native, parts.regions(Intl)));

  const modules = parts.modules(global, native);
  define(global, 'require', modules.require);

  // V8 keeps what the last regular expression matched, for RegExp.$1.
  const nothing = /(?:)/;
  function begin() {
    apply(exec, nothing, ['']);
    timers.forget();
    modules.forget();
  }

  return { begin, next_timer: timers.next, share: modules.share };
});
