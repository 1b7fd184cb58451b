// Freezes all that the scripts of one realm share, so that no run can leave anything there for the next.
(function (global) {
  'use strict';

  const { defineProperty, freeze, getOwnPropertyDescriptor, getPrototypeOf } = Object;
  const { ownKeys } = Reflect;

  // An object inherits non-writable properties as ones that it cannot have itself by assignment ("override mistake"):
  // `error.name = …`, `record.toString = …` and `record[key] = …` must go on working. As accessors they do.
  function allow_override(object, key) {
    const descriptor = getOwnPropertyDescriptor(object, key);
    if (descriptor === undefined || !descriptor.configurable || !('value' in descriptor)) return;
    const { value } = descriptor;
    // As methods, since those cannot be called with new.
    const { get, set } = {
      get() {
        return value;
      },
      set(next) {
        if (this === object) throw new TypeError(`Cannot assign to read only property '${String(key)}' of object`);
        defineProperty(this, key, { value: next, writable: true, enumerable: true, configurable: true });
      },
    };
    defineProperty(object, key, { get, set, enumerable: descriptor.enumerable, configurable: false });
  }

  // Only what programs do assign: each costs its readers a call. Not those of arrays and promises, whose built-in
  // versions V8 knows by sight.
  function allow_overrides() {
    for (const key of ownKeys(Object.prototype)) allow_override(Object.prototype, key);
    for (const key of ['constructor', 'toString']) allow_override(Function.prototype, key);
    allow_override(Array.prototype, 'toString');
    for (const name of ['Error', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError',
      'AggregateError']) {
      for (const key of ['constructor', 'message', 'name', 'toString']) allow_override(global[name].prototype, key);
    }
  }

  // What no property leads to, only the language.
  function hidden() {
    const found = [
      (function* () {}), (async () => {}), (async function* () {}), [][Symbol.iterator](), new Map().entries(),
      new Set().values(), ''[Symbol.iterator](), ''.matchAll(/x/g), getOwnPropertyDescriptor(function () { return arguments; }(), 'callee').get,
    ];
    if (Intl.Segmenter) {
      const segments = new Intl.Segmenter('en').segment('a');
      found.push(segments, segments[Symbol.iterator]());
    }
    return found.map((value) => (typeof value === 'function' ? value : getPrototypeOf(value)));
  }

  const done = new WeakSet();

  function freeze_all(roots) {
    const waiting = [...roots];
    const add = (value) => {
      if (((typeof value === 'object' && value !== null) || typeof value === 'function') && !done.has(value)) {
        done.add(value);
        waiting[waiting.length] = value;
      }
    };
    while (waiting.length > 0) {
      const object = waiting.pop();
      done.add(object);
      freeze(object);
      add(getPrototypeOf(object));
      for (const key of ownKeys(object)) {
        const descriptor = getOwnPropertyDescriptor(object, key);
        add(descriptor.value);
        add(descriptor.get);
        add(descriptor.set);
      }
    }
  }

  allow_overrides();
  freeze_all([global, ...hidden()]);
  return freeze_all;
});
