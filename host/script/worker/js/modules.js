// require(), for the npm packages that the platform promises; they are part of the worker's program.
(function (global, native) {
  'use strict';

  const { apply } = Reflect;
  const { indexOf, lastIndexOf, slice, split, startsWith } = String.prototype;
  const files = {
    __proto__: null,
    lodash: 'lodash/lodash.js',
    'lodash/fp': 'lodash/fp.js',
    moment: 'moment/moment.js',
    util: 'util/util.js',
    inherits: 'inherits/inherits_browser.js',
    has: 'has/src/index.js',
  };

  // What these functions keep would be there in the next run, so whoever calls one gets a realm of his own.
  const keeping = {
    __proto__: null,
    'lodash/lodash.js': ['mixin', 'noConflict', 'uniqueId'],
    'lodash/fp.js': ['mixin', 'noConflict', 'uniqueId', 'convert', 'runInContext'],
    'util/util.js': ['debuglog'],
  };

  // Some libraries look for Node.js.
  const process = { env: {}, nextTick: (callback, ...values) => void Promise.resolve().then(() => callback(...values)) };

  let freeze_all = null; // unless the realm is of one run alone
  const loaded = { __proto__: null };
  let of_this_run = { __proto__: null };

  function find(name, from) {
    if (!apply(startsWith, name, ['.'])) return files[name] ?? `${name}${native.module(`${name}.js`) ? '.js' : '/index.js'}`;
    const path = apply(split, apply(slice, from, [0, apply(lastIndexOf, from, ['/'])]), ['/']);
    for (const word of apply(split, name, ['/'])) {
      if (word === '..') path.length -= 1;
      else if (word !== '.' && word !== '') path[path.length] = word;
    }
    const file = path.join('/');
    for (const candidate of [file, `${file}.js`, `${file}/index.js`]) if (native.module(candidate)) return candidate;
    return file;
  }

  function guard(file, exports) {
    for (const name of keeping[file] ?? []) {
      exports[name] = () => {
        native.leave_shared_realm();
        throw new TypeError(`${name}: not in a shared realm`);
      };
    }
  }

  // `cache` has the modules that are loaded, or being loaded.
  function load(file, cache) {
    if (cache[file] !== undefined) return cache[file].exports;
    const start = native.module(file);
    if (!start) throw new Error(`Cannot find module '${file}'`);
    const module = { exports: {} };
    cache[file] = module;
    apply(start, module.exports, [module.exports, (name) => load(find(`${name}`, file), cache), module, global, process]);
    return module.exports;
  }

  // moment keeps locales and warnings in variables that nobody can freeze or look at, so each run gets its own.
  function load_shared(file) {
    if (file === files.moment) return load(file, of_this_run);
    if (loaded[file] !== undefined) return loaded[file].exports;
    const cache = { __proto__: null };
    const exports = load(file, cache);
    if (freeze_all !== null) {
      guard(file, exports);
      freeze_all([exports]);
    }
    loaded[file] = cache[file];
    return exports;
  }

  function require(name) {
    const wanted = `${name}`;
    if (wanted === 'lodash' || wanted === 'lodash/fp' || wanted === 'moment' || wanted === 'util') {
      return load_shared(files[wanted]);
    }
    if (apply(startsWith, wanted, ['lodash/fp/'])) {
      const member = load_shared(files['lodash/fp'])[apply(slice, wanted, [10])];
      if (member !== undefined) return member;
    } else if (apply(startsWith, wanted, ['lodash/'])) {
      const member = load_shared(files.lodash)[apply(slice, wanted, [7])];
      if (member !== undefined) return member;
    }
    throw new Error(`Cannot find module '${wanted}'; there are lodash, lodash/fp, moment and util, and no others`);
  }

  return {
    require,
    share(freeze) {
      freeze_all = freeze;
    },
    forget() {
      of_this_run = { __proto__: null };
    },
  };
});
