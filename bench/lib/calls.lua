-- wrk … -s calls.lua URL -- FILE: the sealed calls of FILE, one per line, each once as long as there
-- are any.
local bodies, at = {}, 0

function init(arguments)
  for body in io.lines(arguments[1]) do
    bodies[#bodies + 1] = wrk.format("POST", nil, { ["Content-Type"] = "application/json" }, body)
  end
end

function request()
  at = at % #bodies + 1
  return bodies[at]
end
