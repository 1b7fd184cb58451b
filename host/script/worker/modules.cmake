# The files of the npm packages lodash, moment and util, and of what they require, below Debian's /usr/share/nodejs.
set(script_modules
  lodash/lodash.js lodash/lodash.min.js lodash/fp.js lodash/fp/_baseConvert.js lodash/fp/_mapping.js lodash/fp/placeholder.js
  moment/moment.js
  util/util.js util/support/types.js
  available-typed-arrays/index.js call-bind/callBound.js call-bind/index.js for-each/index.js function-bind/implementation.js
  function-bind/index.js get-intrinsic/index.js gopd/index.js has/src/index.js has-symbols/index.js has-symbols/shams.js
  has-tostringtag/index.js has-tostringtag/shams.js inherits/inherits_browser.js is-arguments/index.js
  is-callable/index.js is-generator-function/index.js is-typed-array/index.js which-typed-array/index.js)
file(GLOB moment_locales RELATIVE ${js_tree}/nodejs ${js_tree}/nodejs/moment/locale/*.js)
list(APPEND script_modules ${moment_locales})
# Their package.json names another file for programs that are not Node.js.
set(script_modules_renamed "util/support/isBuffer.js|util/support/isBufferBrowser.js")
