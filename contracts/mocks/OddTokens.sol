// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice For tests: a token with six decimals and no votes.
contract CoarseToken is ERC20 {
    constructor() ERC20("Coarse", "CRS") {
        _mint(msg.sender, 1_000_000e6);
    }

    /// @inheritdoc ERC20
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}

/// @notice For tests: a token that keeps a hundredth of every transfer.
contract FeeToken is ERC20 {
    constructor() ERC20("Fee", "FEE") {
        _mint(msg.sender, 1_000_000 ether);
    }

    function _update(address from, address to, uint256 value) internal override {
        bool free = from == address(0) || to == address(0);
        super._update(from, to, free ? value : value - value / 100);
        if (!free) super._update(from, address(0), value / 100);
    }
}

/// @notice For tests: a token that calls sender and receiver of each transfer, as ERC-777 does.
contract CallingToken is ERC20 {
    constructor() ERC20("Calling", "CALL") {
        _mint(msg.sender, 1_000_000 ether);
    }

    function _update(address from, address to, uint256 value) internal override {
        _tell(from);
        super._update(from, to, value);
        _tell(to);
    }

    function _tell(address account) private {
        if (account.code.length == 0) return;
        (bool heard,) = account.call(abi.encodeCall(Reentrant.told, ()));
        heard; // as ERC-777: who does not listen gets its tokens all the same
    }
}

/// @notice For tests: an account that does what it is told, and once more when a {CallingToken} calls it.
contract Reentrant {
    address private _target;
    bytes private _data;
    /// @notice What came of the call made from within: empty if it went well.
    bytes public fault;
    /// @notice True once the call from within was tried.
    bool public tried;

    /// @notice Makes a call at the next transfer.
    function arm(address target, bytes calldata data) external {
        (_target, _data, tried) = (target, data, false);
    }

    /// @notice Makes a call now.
    function act(address target, bytes calldata data) external {
        (bool ok, bytes memory answer) = target.call(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(answer, 32), mload(answer))
            }
        }
    }

    /// @notice What the token calls.
    function told() external {
        if (_target == address(0) || tried) return;
        tried = true;
        (, fault) = _target.call(_data);
    }
}
