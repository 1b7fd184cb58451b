// setTimeout and its kin. Callbacks run after the script and its promises, in the order of their times; the worker does
// wait, within the time limit, and Date then shows the time that was waited for, not one that was measured.
(function (native) {
  'use strict';

  const { apply } = Reflect;
  let waiting = [];
  let now = 0;
  let made = 0;

  function add(callback, delay, values, repeats) {
    if (typeof callback !== 'function') throw new TypeError('The callback of a timer must be a function');
    const milliseconds = delay >= 1 && delay <= 2147483647 ? delay - (delay % 1) : 1;
    made += 1;
    waiting[waiting.length] = { id: made, due: now + milliseconds, every: repeats ? milliseconds : 0, callback, values };
    return made;
  }

  function without(id) {
    const left = [];
    for (let index = 0; index < waiting.length; index += 1) {
      if (waiting[index].id !== id) left[left.length] = waiting[index];
    }
    waiting = left;
  }

  // Runs the timer that is due first. False if there is none.
  function next() {
    if (waiting.length === 0) return false;
    let first = waiting[0];
    for (let index = 1; index < waiting.length; index += 1) {
      if (waiting[index].due < first.due) first = waiting[index];
    }
    if (first.due > now) native.wait(first.due - now);
    now = first.due > now ? first.due : now;
    if (first.every > 0) first.due = now + first.every;
    else without(first.id);
    apply(first.callback, undefined, first.values);
    return true;
  }

  return {
    setTimeout: (callback, delay, ...values) => add(callback, +delay, values, false),
    setInterval: (callback, delay, ...values) => add(callback, +delay, values, true),
    setImmediate: (callback, ...values) => add(callback, 1, values, false),
    clear(id) {
      without(id);
    },
    next,
    forget() {
      waiting = [];
      now = 0;
      made = 0;
    },
  };
});
