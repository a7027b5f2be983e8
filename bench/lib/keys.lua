-- wrk … -s keys.lua URL -- FILE START: the keys of FILE (64 digits each, nothing between) in turn.
local keys, at, count, head

function init(arguments)
  local file = assert(io.open(arguments[1]))
  keys = file:read("*a")
  file:close()
  count, at = #keys / 64, tonumber(arguments[2])
  local host = wrk.host .. ":" .. wrk.port
  head = "GET " .. wrk.path .. " HTTP/1.1\r\nHost: " .. host .. "\r\nX-Private-Key: "
end

function request()
  at = (at + 1) % count
  return head .. keys:sub(at * 64 + 1, at * 64 + 64) .. "\r\n\r\n"
end
